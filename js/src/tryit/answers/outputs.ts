/** What an answer says, by what people want to see of it: a class, a table, a picture. */

import { isNumber, isObject, isText } from '../../api/guards';
import type { Signature } from '../../api/signatures';
import { frameOf, sized, type SizedFrame } from '../picture/shape';

const SUM_TOLERANCE = 0.01;
const LEAST_PICTURE = 4;

/** A value of a vector, with the name of its place. */
export interface Scored {
  readonly label: string;
  readonly value: number;
}

export type Shown =
  | { readonly kind: 'probabilities'; readonly name: string; readonly rows: readonly Scored[][] }
  | { readonly kind: 'vectors'; readonly name: string; readonly rows: readonly Scored[][] }
  | { readonly kind: 'values'; readonly name: string; readonly rows: readonly unknown[] }
  | {
      readonly kind: 'picture';
      readonly name: string;
      readonly pixels: readonly number[];
      readonly frame: SizedFrame;
    }
  | { readonly kind: 'other'; readonly name: string; readonly value: unknown };

/** All outputs of an answer, what is most worth seeing first. */
export function outputsOf(signature: Signature, answer: unknown): readonly Shown[] {
  if (!isObject(answer)) {
    return [];
  }
  if ('result' in answer || 'results' in answer) {
    return [resultOf(answer['result'] ?? answer['results'])];
  }
  const outputs = answer['outputs'] ?? answer['predictions'];
  const names = signature.outputs.map(({ name }) => name);
  const named =
    isObject(outputs) && names.every((name) => name in outputs) && names.length !== 1
      ? outputs
      : { [names[0] ?? 'output']: outputs };
  const labels = labelsOf(Object.values(named));
  return Object.entries(named)
    .map(([name, value]) => shownOf(name, value, labels))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

const ORDER: readonly Shown['kind'][] = ['probabilities', 'picture', 'values', 'vectors', 'other'];

function rankOf(shown: Shown): number {
  return ORDER.indexOf(shown.kind);
}

/** Classify answers pairs of a label and a score for each example, Regress a number. */
function resultOf(result: unknown): Shown {
  const rows: readonly unknown[] = Array.isArray(result) ? result : [result];
  const isPair = (pair: unknown): pair is [string, number] =>
    Array.isArray(pair) && isText(pair[0]) && isNumber(pair[1]);
  const isScored = (row: unknown): row is [string, number][] =>
    Array.isArray(row) && row.length > 0 && row.every(isPair);
  if (rows.length === 0 || !rows.every(isScored)) {
    return { kind: 'values', name: 'result', rows };
  }
  const scored = rows.map((row) =>
    row.map(([label, value], index) => ({ label: label === '' ? String(index) : label, value })),
  );
  const areProbabilities = scored.every((row) => isSoftmax(row.map(({ value }) => value)));
  return { kind: areProbabilities ? 'probabilities' : 'vectors', name: 'result', rows: scored };
}

function shownOf(name: string, value: unknown, labels: readonly string[]): Shown {
  const sizes = shapeOf(value);
  if (sizes === null) {
    return { kind: 'other', name, value };
  }
  if (sizes.length < 2) {
    return { kind: 'values', name, rows: Array.isArray(value) ? (value as unknown[]) : [value] };
  }
  const numbers = numbersIn(value);
  if (numbers === null) {
    return sizes.length === 2 && sizes[1] === 1
      ? { kind: 'values', name, rows: (value as unknown[]).flat() }
      : { kind: 'other', name, value };
  }
  if (sizes.length === 2) {
    return vectorsOf(name, numbers, sizes[1] ?? 1, labels);
  }
  const frame = pictureOf(sizes);
  return frame ? { kind: 'picture', name, pixels: numbers, frame } : { kind: 'other', name, value };
}

function vectorsOf(
  name: string,
  numbers: readonly number[],
  width: number,
  labels: readonly string[],
): Shown {
  const count = width === 0 ? 0 : numbers.length / width;
  if (width === 1) {
    return { kind: 'values', name, rows: numbers };
  }
  const rows = Array.from({ length: count }, (_, row) =>
    numbers.slice(row * width, (row + 1) * width),
  );
  const areProbabilities = rows.length > 0 && rows.every(isSoftmax);
  const isLabelled = labels.length === width;
  const scored = rows.map((row) =>
    row.map((value, index) => ({
      label: isLabelled ? (labels[index] ?? '') : String(index),
      value,
    })),
  );
  return { kind: areProbabilities ? 'probabilities' : 'vectors', name, rows: scored };
}

/** Shares of one, as softmax gives them; a vector with a single one in it is as well. */
export function isSoftmax(values: readonly number[]): boolean {
  const sum = values.reduce((total, value) => total + value, 0);
  const areShares = values.every((value) => value >= 0 && value <= 1 + 1e-6);
  return values.length > 1 && areShares && Math.abs(sum - 1) < SUM_TOLERANCE;
}

/** The k largest, largest first. */
export function topOf(row: readonly Scored[], count: number): readonly Scored[] {
  return [...row].sort((a, b) => b.value - a.value).slice(0, count);
}

/** Names of classes, where another output of the model has them. */
function labelsOf(outputs: readonly unknown[]): readonly string[] {
  for (const output of outputs) {
    const list: unknown = Array.isArray(output) && Array.isArray(output[0]) ? output[0] : output;
    if (Array.isArray(list) && list.length > 1 && list.every(isText)) {
      return list;
    }
  }
  return [];
}

function pictureOf(sizes: readonly number[]): SizedFrame | null {
  const shape = `[${sizes.join(', ')}]`;
  const frame = sized(frameOf({ name: '', type: 'float32', shape, isOptional: false }));
  return frame && sizes[0] === 1 && Math.min(frame.rows, frame.columns) >= LEAST_PICTURE
    ? frame
    : null;
}

/** The sizes of lists in lists; null where they are ragged. */
export function shapeOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) {
    return [];
  }
  const list: readonly unknown[] = value;
  const shapes = list.map(shapeOf);
  const [first] = shapes;
  if (first === undefined) {
    return [0];
  }
  const text = JSON.stringify(first);
  return first !== null && shapes.every((each) => JSON.stringify(each) === text)
    ? [list.length, ...first]
    : null;
}

export function numbersIn(value: unknown): readonly number[] | null {
  const leaves: readonly unknown[] = Array.isArray(value) ? (value as unknown[]).flat(16) : [value];
  return leaves.every(isNumber) ? leaves : null;
}
