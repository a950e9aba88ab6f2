/** Holds JSON to the type and the shape of an input, before the model has to refuse it. */

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
  | { readonly kind: 'value'; readonly path: readonly number[]; readonly got: string };

/** The first thing that is wrong with a value; null if the model can take it. */
export function problemOf(tensor: Tensor, value: unknown): Problem | null {
  if (tensor.shape === 'any') {
    return leafProblem(tensor.type, value, []);
  }
  const sizes = sizesOf(tensor.shape);
  const got = rankOf(value);
  if (got !== sizes.length) {
    return { kind: 'rank', expected: sizes.length, got };
  }
  return problemAt(tensor.type, [...sizes], 0, value, []);
}

/** Sizes of a shape as it is shown; null for any size. */
export function sizesOf(shape: string): (number | null)[] {
  const inner = shape.slice(1, -1);
  return inner === '' ? [] : inner.split(', ').map((size) => (size === 'n' ? null : Number(size)));
}

function rankOf(value: unknown): number {
  return Array.isArray(value) ? 1 + rankOf(value[0]) : 0;
}

function problemAt(
  type: string,
  sizes: (number | null)[],
  depth: number,
  value: unknown,
  path: readonly number[],
): Problem | null {
  if (depth === sizes.length) {
    return leafProblem(type, value, path);
  }
  if (!Array.isArray(value)) {
    return { kind: 'value', path, got: JSON.stringify(value) };
  }
  const list: readonly unknown[] = value;
  const expected = sizes[depth] ?? list.length;
  sizes[depth] = expected; // what is free is as long everywhere as where it is seen first
  if (list.length !== expected) {
    return { kind: 'size', path, expected, got: list.length };
  }
  for (const [index, each] of list.entries()) {
    const problem = problemAt(type, sizes, depth + 1, each, [...path, index]);
    if (problem) {
      return problem;
    }
  }
  return null;
}

function leafProblem(type: string, value: unknown, path: readonly number[]): Problem | null {
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    const problems = list.map((each, index) => leafProblem(type, each, [...path, index]));
    return problems.find((problem) => problem !== null) ?? null;
  }
  return fits(type, value) ? null : { kind: 'value', path, got: JSON.stringify(value) };
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
