import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coloursOf } from '../src/store/colours';
import { model, version } from './examples';

const loaded = (...numbers: number[]) => [model('a', { versions: numbers.map((n) => version(n)) })];

test('a version keeps its colour while it is loaded, and a freed one is used again', () => {
  const first = coloursOf(new Map(), loaded(7, 8));
  const second = coloursOf(first, loaded(8, 9));
  assert.deepEqual(
    [...first],
    [
      ['a/7', 1],
      ['a/8', 2],
    ],
  );
  assert.deepEqual(
    [...second],
    [
      ['a/8', 2],
      ['a/9', 1],
    ],
  );
});

test('from the fifth version on there is no colour', () => {
  const colours = coloursOf(new Map(), loaded(1, 2, 3, 4, 5));
  assert.deepEqual([colours.get('a/4'), colours.get('a/5')], [4, undefined]);
});
