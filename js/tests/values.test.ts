import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../src/api/signatures';
import { problemText } from '../src/tryit/problemText';
import { problemsOf } from '../src/tryit/values';
import { trans } from './words';

const tensor = (type: string, shape: string): Tensor => ({
  name: 'x',
  type,
  shape,
  isOptional: false,
});

test('what the model can take has no problem', () => {
  const right: [string, string, unknown][] = [
    [
      'float32',
      '[n, 2]',
      [
        [1, 2.5],
        [3, 4],
      ],
    ],
    ['float32', '[]', 0.5],
    ['int64', '[n]', [1, 2]],
    ['string', '[n]', ['a', { b64: 'YQ==' }]],
    ['bool', '[1]', [true]],
    ['float32', 'any', [[1], [2, 3]]],
    ['float32', '[n]', []],
  ];
  for (const [type, shape, value] of right) {
    assert.deepEqual(problemsOf(tensor(type, shape), value), [], `${type} ${shape}`);
  }
});

test('what it cannot take is told by its place', () => {
  const wrong: [string, string, unknown, unknown][] = [
    ['float32', '[n, 2]', [1, 2], { kind: 'rank', expected: 2, got: 1 }],
    ['float32', '[n, 2]', [[1, 2], [3]], { kind: 'size', path: [1], expected: 2, got: 1 }],
    ['float32', '[n, n]', [[1, 2], [3]], { kind: 'size', path: [1], expected: 2, got: 1 }],
    ['float32', '[n]', [1, 'a'], { kind: 'value', path: [1], got: '"a"' }],
    ['int64', '[n]', [1.5], { kind: 'value', path: [0], got: '1.5' }],
    ['float32', '[n, 1]', [[1], 2], { kind: 'value', path: [1], got: '2' }],
  ];
  for (const [type, shape, value, problem] of wrong) {
    assert.deepEqual(problemsOf(tensor(type, shape), value), [problem]);
  }
});

test('what is wrong is said in the words of people, who count from one', () => {
  const row = [1, 2, 3, 4];
  const said: [string, string, unknown, string][] = [
    [
      'float32',
      '[n, 3, 4]',
      [[row, [1, 2, 3]]],
      'Row 2 has 3 numbers, expected 4. Row 3 is missing.',
    ],
    ['float32', '[n, 4, 4]', [[row, row]], 'Rows 3 to 4 are missing.'],
    ['float32', '[n, 2, 4]', [[row, row, row]], 'There are 3 rows, expected 2.'],
    ['float32', '[n, 4]', [row, [1]], 'Row 2 has 1 number, expected 4.'],
    ['float32', '[n, 4]', [[1, 2]], 'There are 2 numbers, expected 4.'],
    ['float32', '[n, 2]', [[1, 'a']], 'Value 2 is "a", expected a float32.'],
    [
      'float32',
      '[n, 2]',
      [row.slice(2), [1, null]],
      'Row 2, column 2 is null, expected a float32.',
    ],
    ['float32', '[n]', [1, 'two'], 'Value 2 is "two", expected a float32.'],
    ['string', '[n, 2]', [['a']], 'There are 1 value, expected 2.'],
    ['uint8', '[n]', [0, 256], 'Value 2 is 256, expected 0 to 255.'],
    ['float32', '[n, 2]', [1, 2], 'This has 1 dimension, expected 2: the shape is [n, 2].'],
    ['bool', '[]', 1, '1 is no bool.'],
  ];
  for (const [type, shape, value, text] of said) {
    assert.equal(problemText(trans, tensor(type, shape), value), text);
  }
});
