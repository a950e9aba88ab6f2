import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../src/api/signatures';
import { problemOf } from '../src/tryit/values';
import { snippetOf } from '../src/tryit/copy/snippets';

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
    assert.equal(problemOf(tensor(type, shape), value), null, `${type} ${shape}`);
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
    assert.deepEqual(problemOf(tensor(type, shape), value), problem);
  }
});

test('a request for the command line survives quotes', () => {
  const request = {
    url: 'http://h:1',
    path: 'v1/models/a:predict',
    body: { inputs: { x: ["it's"] } },
  };
  assert.equal(
    snippetOf('curl', request),
    `curl http://h:1/v1/models/a:predict \\\n  -d '{"inputs":{"x":["it'\\''s"]}}'`,
  );
  assert.match(snippetOf('python', request), /json\.loads\("\{\\"inputs\\"/);
});
