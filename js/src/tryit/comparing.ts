/** Expected against got: what an input should be and what was sent, and how to make one of the other. */

import type { Signature, Tensor } from '../api/signatures';
import { numbersIn, shapeOf } from './answers/outputs';
import { resized } from './picture/resize';
import { frameOf, listed, type Frame } from './picture/shape';
import { problemsOf, sizesOf } from './values';

export interface Compared {
  readonly tensor: Tensor;
  readonly got: { readonly type: string; readonly shape: string };
  readonly isTypeWrong: boolean;
  readonly isShapeWrong: boolean;
  readonly isPicture: boolean;
}

/** The inputs that are other than the signature has them. */
export function compared(
  signature: Signature,
  inputs: Readonly<Record<string, unknown>>,
): readonly Compared[] {
  return signature.inputs
    .filter(({ name }) => name in inputs)
    .map((tensor) => comparedOne(tensor, inputs[tensor.name]))
    .filter(({ isTypeWrong, isShapeWrong }) => isTypeWrong || isShapeWrong);
}

function comparedOne(tensor: Tensor, value: unknown): Compared {
  const problems = problemsOf(tensor, value);
  const isShapeWrong = problems.some(({ kind }) => kind === 'size' || kind === 'rank');
  const isTypeWrong = problems.some(({ kind }) => kind === 'value' || kind === 'bounds');
  const shape = shapeOf(value);
  return {
    tensor,
    got: {
      type: isTypeWrong ? typeOf(value) : tensor.type,
      shape: shape === null ? '[…]' : `[${shape.join(', ')}]`,
    },
    isTypeWrong,
    isShapeWrong,
    isPicture: (frameOf(tensor)?.isLikely ?? false) && pictureIn(value) !== null,
  };
}

function typeOf(value: unknown): string {
  const leaves: readonly unknown[] = Array.isArray(value) ? (value as unknown[]).flat(16) : [value];
  const kinds = new Set(leaves.map((each) => typeof each));
  if (kinds.has('string') || kinds.has('object')) {
    return 'string';
  }
  return kinds.has('boolean') ? 'bool' : leaves.every(Number.isInteger) ? 'int64' : 'float32';
}

/** A picture that was sent, in the size that the input has; null if there is none, or it has none. */
export function refitted(tensor: Tensor, value: unknown): unknown {
  const frame = frameOf(tensor);
  const picture = pictureIn(value);
  if (!frame || !picture || frame.rows === null || frame.columns === null) {
    return null;
  }
  const { grid, frame: sent } = picture;
  if (sent.channels !== frame.channels) {
    return null;
  }
  const { values } = resized(grid, frame.rows, frame.columns);
  const isWhole = /int/.test(tensor.type);
  const rounded = Array.from(values, (each) =>
    isWhole ? Math.round(each) : Math.round(each * 1000) / 1000,
  );
  return listed(rounded, frame, frame.rows, frame.columns);
}

/** The picture that a value is, if it is one, and only one. */
function pictureIn(value: unknown): {
  readonly grid: Parameters<typeof resized>[0];
  readonly frame: Frame;
} | null {
  const shape = shapeOf(value);
  const numbers = numbersIn(value);
  if (!shape || !numbers) {
    return null;
  }
  const open = shape.length === 2 && shape[0] === 1 ? ['n', ...shape.slice(1)] : shape;
  const text = `[${open.join(', ')}]`;
  const frame = frameOf({ name: 'image', type: 'float32', shape: text, isOptional: false });
  if (!frame || frame.rows === null || frame.columns === null) {
    return null;
  }
  const { rows, columns, channels } = frame;
  return { grid: { values: Float32Array.from(numbers), rows, columns, channels }, frame };
}

/** The sizes of a picture as people write them; empty if the shape is of none. */
export function sizeText(shape: string): string {
  const frame = frameOf({ name: 'image', type: 'float32', shape, isOptional: false });
  const sizes = sizesOf(shape);
  return frame?.rows != null && frame.columns !== null && sizes.length > 1
    ? `${frame.rows}\u00a0×\u00a0${frame.columns}`
    : '';
}
