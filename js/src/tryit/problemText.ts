/** What is wrong with an input, in words: where it is, what was expected, and what is there. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Tensor } from '../api/signatures';
import { problemsOf, sizesOf, type Problem } from './values';

interface Place {
  readonly path: readonly number[];
  /** How many dimensions are left to tell of. */
  readonly levels: number;
}

/** All that is wrong with a value in sentences; empty if nothing is. */
export function problemText(trans: TranslationBundle, tensor: Tensor, value: unknown): string {
  const levels = tensor.shape === 'any' ? 0 : sizesOf(tensor.shape).length;
  // One picture or row alone is not counted: what is in it is.
  const dropped = levels > 1 && Array.isArray(value) && value.length === 1 ? 1 : 0;
  return problemsOf(tensor, value)
    .map((problem) => {
      const path = problem.kind === 'rank' ? [] : problem.path.slice(dropped);
      return sentence(trans, tensor, problem, { path, levels: levels - dropped });
    })
    .join(' ');
}

function sentence(
  trans: TranslationBundle,
  tensor: Tensor,
  problem: Problem,
  place: Place,
): string {
  const where = placeText(trans, place);
  switch (problem.kind) {
    case 'rank':
      return trans.__(
        'This has %1, expected %2: the shape is %3.',
        trans._n('%1 dimension', '%1 dimensions', problem.got),
        problem.expected,
        tensor.shape,
      );
    case 'size':
      return sizeSentence(trans, tensor, problem, place);
    case 'bounds':
      return trans.__(
        '%1 is %2, expected %3 to %4.',
        where,
        problem.got,
        problem.low,
        problem.high,
      );
    case 'value':
      return place.path.length === 0
        ? trans.__('%1 is no %2.', problem.got, tensor.type)
        : trans.__('%1 is %2, expected a %3.', where, problem.got, tensor.type);
  }
}

function sizeSentence(
  trans: TranslationBundle,
  tensor: Tensor,
  { expected, got }: Problem & { readonly kind: 'size' },
  place: Place,
): string {
  const isOfLeaves = place.path.length === place.levels - 1;
  const things = isOfLeaves ? thingsText(trans, tensor, got) : trans._n('%1 row', '%1 rows', got);
  if (place.path.length > 0) {
    return trans.__('%1 has %2, expected %3.', placeText(trans, place), things, expected);
  }
  if (isOfLeaves || got > expected) {
    return trans.__('There are %1, expected %2.', things, expected);
  }
  return got + 1 === expected
    ? trans.__('Row %1 is missing.', expected)
    : trans.__('Rows %1 to %2 are missing.', got + 1, expected);
}

function thingsText(trans: TranslationBundle, tensor: Tensor, count: number): string {
  return tensor.type === 'string' || tensor.type === 'bool'
    ? trans._n('%1 value', '%1 values', count)
    : trans._n('%1 number', '%1 numbers', count);
}

/** Counted from one, as people count. */
function placeText(trans: TranslationBundle, { path, levels }: Place): string {
  const [first, second, ...rest] = path.map((index) => index + 1);
  if (first === undefined) {
    return trans.__('The value');
  }
  if (second === undefined) {
    return levels === 1 ? trans.__('Value %1', first) : trans.__('Row %1', first);
  }
  return rest.length === 0
    ? trans.__('Row %1, column %2', first, second)
    : trans.__('Place %1', [first, second, ...rest].join(', '));
}
