/** What is wrong with an input, in words: where it is, what was expected, and what is there. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Tensor } from '../api/signatures';
import type { Problem } from './values';

export function problemText(trans: TranslationBundle, problem: Problem, tensor: Tensor): string {
  switch (problem.kind) {
    case 'rank':
      return trans.__(
        'This has %1 dimensions, expected %2: the shape is %3.',
        problem.got,
        problem.expected,
        tensor.shape,
      );
    case 'size':
      return problem.path.length === 0
        ? trans.__('There are %1 rows, expected %2.', problem.got, problem.expected)
        : trans.__(
            'Row %1 has %2 values, expected %3.',
            placeOf(problem.path),
            problem.got,
            problem.expected,
          );
    case 'value':
      return problem.path.length === 0
        ? trans.__('%1 is no %2.', problem.got, tensor.type)
        : trans.__(
            'Value %1 is %2, expected a %3.',
            placeOf(problem.path),
            problem.got,
            tensor.type,
          );
  }
}

/** Counted from one, as people count. */
function placeOf(path: readonly number[]): string {
  return path.map((index) => index + 1).join(', ');
}
