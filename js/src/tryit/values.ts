/** Holds a value to the type and the shape of an input, before the model has to refuse it. */

import type { Tensor } from '../api/signatures';

export type Problem =
  | { readonly kind: 'rank'; readonly expected: number; readonly got: number }
  | {
      readonly kind: 'size';
      /** Where: the index in each dimension above. */
      readonly path: readonly number[];
      readonly expected: number;
      readonly got: number;
    }
  | { readonly kind: 'value'; readonly path: readonly number[]; readonly got: string }
  | {
      readonly kind: 'bounds';
      readonly path: readonly number[];
      readonly got: string;
      readonly low: number;
      readonly high: number;
    };

/**
 * What is wrong with a value, as far as one can mend at a time: the first thing inside of it, and
 * what is missing after that. Empty if the model can take it.
 */
export function problemsOf(tensor: Tensor, value: unknown): readonly Problem[] {
  if (tensor.shape === 'any') {
    return listed(leafProblem(tensor.type, value, []));
  }
  const sizes = sizesOf(tensor.shape);
  const got = rankOf(value);
  if (got !== sizes.length) {
    return [{ kind: 'rank', expected: sizes.length, got }];
  }
  return problemsAt(tensor.type, [...sizes], 0, value, []);
}

/** Sizes of a shape as it is shown; null for any size. */
export function sizesOf(shape: string): (number | null)[] {
  const inner = shape.slice(1, -1);
  return inner === '' ? [] : inner.split(', ').map((size) => (size === 'n' ? null : Number(size)));
}

function rankOf(value: unknown): number {
  return Array.isArray(value) ? 1 + rankOf(value[0]) : 0;
}

function problemsAt(
  type: string,
  sizes: (number | null)[],
  depth: number,
  value: unknown,
  path: readonly number[],
): readonly Problem[] {
  if (depth === sizes.length) {
    return listed(leafProblem(type, value, path));
  }
  if (!Array.isArray(value)) {
    return [{ kind: 'value', path, got: JSON.stringify(value) }];
  }
  const list: readonly unknown[] = value;
  const expected = sizes[depth] ?? list.length;
  sizes[depth] = expected; // what is free is as long everywhere as where it is seen first
  const size: Problem = { kind: 'size', path, expected, got: list.length };
  const isInner = depth + 1 === sizes.length;
  if (list.length !== expected && (isInner || list.length > expected)) {
    return [size];
  }
  for (const [index, each] of list.entries()) {
    const problems = problemsAt(type, sizes, depth + 1, each, [...path, index]);
    if (problems.length > 0) {
      return list.length === expected ? problems : [...problems.slice(0, 1), size];
    }
  }
  return list.length === expected ? [] : [size];
}

function leafProblem(type: string, value: unknown, path: readonly number[]): Problem | null {
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    const problems = list.map((each, index) => leafProblem(type, each, [...path, index]));
    return problems.find((problem) => problem !== null) ?? null;
  }
  const got = JSON.stringify(value);
  if (!fits(type, value)) {
    return { kind: 'value', path, got };
  }
  const bounds = boundsOf(type);
  return bounds && typeof value === 'number' && (value < bounds.low || value > bounds.high)
    ? { kind: 'bounds', path, got, ...bounds }
    : null;
}

function listed(problem: Problem | null): readonly Problem[] {
  return problem ? [problem] : [];
}

function fits(type: string, value: unknown): boolean {
  if (type === 'string') {
    const isBytes = typeof value === 'object' && value !== null && 'b64' in value;
    return typeof value === 'string' || isBytes;
  }
  if (type === 'bool') {
    return typeof value === 'boolean';
  }
  return typeof value === 'number' && (!/int/.test(type) || Number.isInteger(value));
}

/** Of whole numbers; those of 64 bits are as exact here as JSON has them. */
function boundsOf(type: string): { readonly low: number; readonly high: number } | null {
  const [, sign, bits] = /^(u?)int(8|16|32)$/.exec(type) ?? [];
  const width = Number(bits);
  if (bits === undefined) {
    return null;
  }
  return sign === 'u'
    ? { low: 0, high: 2 ** width - 1 }
    : { low: -(2 ** (width - 1)), high: 2 ** (width - 1) - 1 };
}
