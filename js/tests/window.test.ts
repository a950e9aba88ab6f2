import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from '../src/sidebar/window';

const TEN = Array.from({ length: 10 }, () => 100);

test('what is in sight is drawn, and the rest is two gaps', () => {
  assert.deepEqual(partsOf(TEN, { from: 300, to: 500 }, -1), [
    { gap: 300, from: 0 },
    { index: 3 },
    { index: 4 },
    { gap: 500, from: 5 },
  ]);
});

test('the row with the focus is drawn wherever it is', () => {
  assert.deepEqual(partsOf(TEN, { from: 0, to: 100 }, 7), [
    { index: 0 },
    { gap: 600, from: 1 },
    { index: 7 },
    { gap: 200, from: 8 },
  ]);
});

test('a list that is shorter than its place has no gaps', () => {
  assert.deepEqual(partsOf([40, 60], { from: -400, to: 900 }, -1), [{ index: 0 }, { index: 1 }]);
  assert.deepEqual(partsOf([], { from: 0, to: 900 }, -1), []);
});
