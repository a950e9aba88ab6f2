import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signature, Tensor } from '../src/api/signatures';
import { isSoftmax, outputsOf, shapeOf, topOf } from '../src/tryit/answers/outputs';
import { timingOf } from '../src/tryit/answers/timing';
import { viewsOf } from '../src/tryit/answers/ways';
import { compared, refitted } from '../src/tryit/comparing';

const tensor = (name: string, shape: string, type = 'float32'): Tensor => ({
  name,
  type,
  shape,
  isOptional: false,
});

const signature = (outputs: readonly string[], inputs: readonly Tensor[] = []): Signature => ({
  name: 'serving_default',
  method: 'predict',
  inputs,
  outputs: outputs.map((name) => tensor(name, 'any')),
});

test('Server-Timing says how long a request waited and ran, and with how many', () => {
  const headers: [string | null, unknown][] = [
    ['queue;dur=0.4, run;dur=1.2, batch;desc="22"', { queueMs: 0.4, runMs: 1.2, batch: 22 }],
    ['run; dur=3', { queueMs: null, runMs: 3, batch: null }],
    ['proxy;desc="a, b";dur=9, run;dur=1', { queueMs: null, runMs: 1, batch: null }],
    ['miss', null],
    ['', null],
    [null, null],
  ];
  for (const [header, timing] of headers) {
    assert.deepEqual(timingOf(header), timing, String(header));
  }
});

test('shares of one are probabilities, and nothing else is', () => {
  assert.ok(isSoftmax([0.1, 0.2, 0.7]));
  assert.ok(isSoftmax([0.3333, 0.3333, 0.3333]));
  assert.ok(!isSoftmax([0.5, 0.6]));
  assert.ok(!isSoftmax([-0.5, 1.5]));
  assert.ok(!isSoftmax([1]));
  assert.ok(!isSoftmax([]));
});

test('an answer is shown by what it is', () => {
  const picture = [Array.from({ length: 4 }, () => [0, 1, 2, 3])];
  const answers: [readonly string[], unknown, readonly string[]][] = [
    [['p'], { outputs: [[0.25, 0.75]] }, ['probabilities']],
    [['y'], { outputs: [2.5, 3] }, ['values']],
    [['y'], { outputs: 2.5 }, ['values']],
    [['y'], { outputs: [[2.5], [3]] }, ['values']],
    [['v'], { outputs: [[2, 5, 7]] }, ['vectors']],
    [['i'], { outputs: picture }, ['picture']],
    [['t'], { outputs: ['a', 'b'] }, ['values']],
    [['a', 'b'], { outputs: { a: [1], b: [[0.5, 0.5]] } }, ['probabilities', 'values']],
    [['r'], { outputs: [[1], [2, 3]] }, ['other']],
    [
      [],
      {
        result: [
          [
            ['cat', 0.8],
            ['dog', 0.2],
          ],
        ],
      },
      ['probabilities'],
    ],
    [[], { result: [1.5] }, ['values']],
  ];
  for (const [names, answer, kinds] of answers) {
    const found = outputsOf(signature(names), answer).map(({ kind }) => kind);
    assert.deepEqual(found, kinds, JSON.stringify(answer));
  }
});

test('classes have their names where the model tells them', () => {
  const answer = { outputs: { scores: [[0.2, 0.8]], classes: [['cat', 'dog']] } };

  const [shown] = outputsOf(signature(['scores', 'classes']), answer);

  assert.ok(shown?.kind === 'probabilities');
  assert.deepEqual(topOf(shown.rows[0] ?? [], 1), [{ label: 'dog', value: 0.8 }]);
});

test('an answer can be looked at in the ways that fit it, and as JSON', () => {
  const one = (answer: unknown) => viewsOf(outputsOf(signature(['y']), answer));

  assert.deepEqual(one({ outputs: [[0.25, 0.75]] }), ['chart', 'table', 'json']);
  assert.deepEqual(one({ outputs: [1] }), ['table', 'json']);
  assert.deepEqual(one({ outputs: [[1], [2, 3]] }), ['json']);
});

test('the shape of lists in lists is told, and that there is none', () => {
  assert.deepEqual(
    shapeOf([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    [3, 2],
  );
  assert.deepEqual(shapeOf(1), []);
  assert.equal(shapeOf([[1], [2, 3]]), null);
});

test('expected is told against got, where they differ', () => {
  const image = tensor('image', '[n, 8, 8]');
  const sent = [Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => 1))];

  const [wrong] = compared(signature([], [image]), { image: sent });

  assert.equal(wrong?.got.shape, '[1, 28, 28]');
  assert.deepEqual([wrong.isShapeWrong, wrong.isTypeWrong, wrong.isPicture], [true, false, true]);
  assert.deepEqual(refitted(image, sent), [
    Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => 1)),
  ]);
  assert.deepEqual(compared(signature([], [tensor('x', '[n]')]), { x: [1] }), []);
  const [typed] = compared(signature([], [tensor('x', '[n]')]), { x: ['a'] });
  assert.deepEqual([typed?.isTypeWrong, typed?.got.type], [true, 'string']);
});
