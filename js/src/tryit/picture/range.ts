/** What black and white are to a model, which no signature says: a choice that is remembered. */

import type { Tensor } from '../../api/signatures';
import type { Frame } from './shape';

export interface Range {
  readonly low: number;
  readonly high: number;
}

export const RANGES: readonly Range[] = [
  { low: 0, high: 1 },
  { low: 0, high: 16 },
  { low: 0, high: 255 },
  { low: -1, high: 1 },
];

/** Those that an input can hold. */
export function rangesFor(tensor: Tensor): readonly Range[] {
  if (tensor.type === 'uint8') {
    return RANGES.filter(({ high }) => high === 255);
  }
  return /int/.test(tensor.type) ? RANGES.filter(({ high }) => high > 1) : RANGES;
}

/** The one to begin with: pictures of 8 x 8 are mostly scikit-learn's digits. */
export function rangeFor(tensor: Tensor, frame: Frame): Range {
  const possible = rangesFor(tensor);
  const isTiny = frame.rows === 8 && frame.columns === 8;
  const wanted = isTiny ? 16 : /int/.test(tensor.type) ? 255 : 1;
  return possible.find(({ high }) => high === wanted) ?? possible[0] ?? { low: 0, high: 1 };
}

/** Values between 0 and 1 as the model gets them: whole levels where these are wide enough apart. */
export function scaled(pixels: Float32Array, { low, high }: Range): number[] {
  const isWhole = high - low >= 16;
  return Array.from(pixels, (pixel) => {
    const value = low + pixel * (high - low);
    return isWhole ? Math.round(value) : Math.round(value * 1000) / 1000;
  });
}

export function rangeText({ low, high }: Range): string {
  return low < 0 ? `−${-low} to ${high}` : `${low} to ${high}`;
}
