/** Which inputs are pictures, and how pixels become the numbers that such an input takes. */

import type { Tensor } from '../../api/signatures';
import { sizesOf } from '../values';

const LEAST_SIDE = 4;
const LEAST_FLAT_SIDE = 8;
const LARGEST_SIDE = 1024;
const NAMED_SO = /image|img|pixel|picture|photo|digit|scan/i;

/** A picture of an input; a side that the signature leaves open is null. */
export interface Frame {
  readonly rows: number | null;
  readonly columns: number | null;
  readonly channels: 1 | 3;
  /** How the numbers lie: with rows of pictures, with channels, as one long row. */
  readonly isBatch: boolean;
  readonly hasChannels: boolean;
  readonly isFlat: boolean;
  /** Whether it is one for sure, rather than perhaps any other list of numbers. */
  readonly isLikely: boolean;
}

export type SizedFrame = Frame & { readonly rows: number; readonly columns: number };

/** A frame that has a size; null if it is open in any direction. */
export function sized(frame: Frame | null): SizedFrame | null {
  const { rows = null, columns = null } = frame ?? {};
  return frame && rows !== null && columns !== null ? { ...frame, rows, columns } : null;
}

/** The picture that an input takes; null if it takes none. */
export function frameOf(tensor: Tensor): Frame | null {
  if (tensor.shape === 'any' || !/^(float|bfloat|u?int)/.test(tensor.type)) {
    return null;
  }
  const sizes = sizesOf(tensor.shape);
  const isNamed = NAMED_SO.test(tensor.name);
  return sizes.length === 2 && sizes[0] === null
    ? flatOf(sizes[1] ?? null, isNamed)
    : squaredOf(sizes, isNamed);
}

function flatOf(size: number | null, isNamed: boolean): Frame | null {
  const side = Math.sqrt(size ?? 0);
  if (!Number.isInteger(side) || side < LEAST_FLAT_SIDE) {
    return null;
  }
  const isLikely = isNamed || side === 28;
  return { ...frame(side, side, 1), isBatch: true, hasChannels: false, isFlat: true, isLikely };
}

function squaredOf(sizes: readonly (number | null)[], isNamed: boolean): Frame | null {
  const last = sizes.at(-1);
  const hasChannels = sizes.length >= 3 && (last === 1 || last === 3);
  const inner = hasChannels ? sizes.slice(0, -1) : sizes;
  const isBatch = inner.length === 3;
  const [rows = null, columns = null] = inner.slice(-2);
  if (inner.length < 2 || inner.length > 3 || (isBatch && (sizes[0] ?? 1) !== 1)) {
    return null;
  }
  if ([rows, columns].some((side) => side !== null && !isSide(side))) {
    return null;
  }
  const isSquare = rows !== null && rows === columns;
  const isLikely = isNamed || hasChannels || isSquare;
  const channels = hasChannels && last === 3 ? 3 : 1;
  return { ...frame(rows, columns, channels), isBatch, hasChannels, isFlat: false, isLikely };
}

function isSide(side: number): boolean {
  return side >= LEAST_SIDE && side <= LARGEST_SIDE;
}

function frame(
  rows: number | null,
  columns: number | null,
  channels: 1 | 3,
): Pick<Frame, 'rows' | 'columns' | 'channels'> {
  return { rows, columns, channels };
}

/** One picture as the lists in lists that the input takes. */
export function listed(
  values: readonly number[],
  frame: Frame,
  rows: number,
  columns: number,
): unknown {
  const pixel = (index: number): unknown => {
    const channels = values.slice(index * frame.channels, (index + 1) * frame.channels);
    return frame.hasChannels ? channels : (channels[0] ?? 0);
  };
  const count = rows * columns;
  const picture = frame.isFlat
    ? Array.from({ length: count }, (_, index) => pixel(index))
    : Array.from({ length: rows }, (_, row) =>
        Array.from({ length: columns }, (__, column) => pixel(row * columns + column)),
      );
  return frame.isBatch ? [picture] : picture;
}
