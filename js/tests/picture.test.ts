import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../src/api/signatures';
import { pictured } from '../src/tryit/drawing/fitting';
import {
  begun,
  blank,
  cleared,
  continued,
  isEmpty,
  pathOf,
  undone,
  WIDTH,
} from '../src/tryit/drawing/strokes';
import { grey, isOnPaper } from '../src/tryit/picture/colours';
import { rangeFor, rangesFor, scaled } from '../src/tryit/picture/range';
import { resized } from '../src/tryit/picture/resize';
import { frameOf, listed } from '../src/tryit/picture/shape';

const tensor = (shape: string, type = 'float32', name = 'x'): Tensor => ({
  name,
  type,
  shape,
  isOptional: false,
});

type Bounds = readonly [top: number, bottom: number, left: number, right: number];

function boundsOf(pixels: Float32Array, columns: number): Bounds {
  const places = [...pixels.keys()].filter((place) => (pixels[place] ?? 0) > 0.3);
  const rows = places.map((place) => Math.floor(place / columns));
  const across = places.map((place) => place % columns);
  return [Math.min(...rows), Math.max(...rows), Math.min(...across), Math.max(...across)];
}

test('a drawing goes back step by step, and clearing is a step', () => {
  const dot = begun(blank(), 'pen', 10, 10);
  const line = continued(dot, 20, 20);
  const rubbed = begun(line, 'eraser', 15, 15);

  assert.equal(pathOf(line.strokes[0] ?? { tool: 'pen', points: [] }), 'M10 10L20 20');
  assert.equal(undone(rubbed), line);
  assert.ok(isEmpty(undone(line)));
  assert.ok(isEmpty(cleared(rubbed)));
  assert.equal(undone(cleared(rubbed)), rubbed);
  assert.equal(undone(blank()).strokes.length, 0);
});

test('ink covers pixels by as much as it lies on them', () => {
  const line = continued(begun(blank(), 'pen', 0, WIDTH / 2), WIDTH, WIDTH / 2);

  const pixels = pictured(line, 8, 8, null);

  assert.equal(pixels[0], 0);
  const middle = (pixels[3 * 8 + 4] ?? 0) + (pixels[4 * 8 + 4] ?? 0);
  assert.ok(Math.abs(middle - (22 / WIDTH) * 8) < 0.05, String(middle));
});

test('the eraser takes away what the pen has drawn', () => {
  const line = continued(begun(blank(), 'pen', 0, WIDTH / 2), WIDTH, WIDTH / 2);
  const gone = continued(begun(line, 'eraser', 0, WIDTH / 2), WIDTH, WIDTH / 2);

  assert.ok(pictured(gone, 8, 8, null).every((value) => value < 0.01));
});

test('a small drawing in a corner comes to the middle, in the size that models know', () => {
  const small = continued(begun(blank(), 'pen', 20, 15), 20, 45);
  const large = continued(begun(blank(), 'pen', 112, 30), 112, 194);
  const fit = { part: 20 / 28, middle: 'mass' } as const;

  const fromSmall = boundsOf(pictured(small, 28, 28, fit), 28);
  const fromLarge = boundsOf(pictured(large, 28, 28, fit), 28);

  assert.deepEqual(fromLarge.slice(0, 2), [4, 23]);
  const [top, bottom, left, right] = fromSmall;
  assert.equal(Math.round((top + bottom) / 2), 14);
  assert.equal(Math.round((left + right) / 2), 14);
  assert.ok(bottom - top >= 12, `${top} to ${bottom}`);
});

test('what was there at first stays, and can be drawn on', () => {
  const base = Float32Array.from({ length: 64 }, (_, place) => (place === 9 ? 0.5 : 0));

  const pixels = pictured(blank(base), 8, 8, { part: 1, middle: 'bounds' });

  assert.ok([...pixels].every((value, place) => Math.abs(value - (base[place] ?? 0)) < 1e-6));
});

test('a smaller picture has the means of what it covers, a larger one what lies between', () => {
  const grid = { values: Float32Array.from([0, 1, 2, 3]), rows: 2, columns: 2, channels: 1 };

  assert.deepEqual([...resized(grid, 1, 1).values], [1.5]);
  assert.deepEqual([...resized(grid, 2, 1).values], [0.5, 2.5]);
  assert.deepEqual([...resized(grid, 2, 4).values.slice(0, 4)], [0, 0.25, 0.75, 1]);
  const three = { values: Float32Array.from([3, 0, 0]), rows: 1, columns: 3, channels: 1 };
  assert.deepEqual(
    [...resized(three, 1, 2).values].map((value) => Math.round(value * 100) / 100),
    [2, 0],
  );
  const colours = {
    values: Float32Array.from([1, 2, 3, 3, 4, 5]),
    rows: 1,
    columns: 2,
    channels: 3,
  };
  assert.deepEqual([...resized(colours, 1, 1).values], [2, 3, 4]);
});

test('which inputs are pictures is read from their shapes', () => {
  const frames: [string, string][] = [
    ['[n, 8, 8]', '8x8x1 likely'],
    ['[n, 28, 28, 1]', '28x28x1 likely'],
    ['[n, 224, 224, 3]', '224x224x3 likely'],
    ['[28, 28]', '28x28x1 likely'],
    ['[n, 784]', '28x28x1 likely'],
    ['[n, 64]', '8x8x1 perhaps'],
    ['[n, n, n, 3]', 'nullxnullx3 likely'],
    ['[n, 24, 7]', '24x7x1 perhaps'],
    ['[n, 10]', 'none'],
    ['[n]', 'none'],
    ['[]', 'none'],
    ['any', 'none'],
    ['[n, n]', 'none'],
    ['[4, 8, 8]', 'none'],
  ];
  for (const [shape, text] of frames) {
    const frame = frameOf(tensor(shape));
    const likely = frame?.isLikely ? 'likely' : 'perhaps';
    const found = frame ? `${frame.rows}x${frame.columns}x${frame.channels} ${likely}` : 'none';
    assert.equal(found, text, shape);
  }
  assert.equal(frameOf(tensor('[n, 8, 8]', 'string')), null);
});

test('pixels become the lists that a shape has', () => {
  const shapes: [string, number[], unknown][] = [
    ['[n, 4, 4, 1]', [0, 0, 1], 1],
    ['[n, 4, 4]', [0, 0, 1], 1],
    ['[4, 4]', [0, 1], 1],
  ];
  const values = Array.from({ length: 16 }, (_, place) => place);
  for (const [shape, path, value] of shapes) {
    const frame = frameOf(tensor(shape));
    assert.ok(frame);
    let found: unknown = listed(values, frame, 4, 4);
    for (const place of path) {
      found = (found as unknown[])[place];
    }
    assert.deepEqual(found, shape.endsWith(' 1]') ? [value] : value, shape);
  }
  const flat = frameOf(tensor('[n, 64]'));
  assert.ok(flat);
  const row = listed(
    Array.from({ length: 64 }, () => 0),
    flat,
    8,
    8,
  );
  assert.equal((row as unknown[][])[0]?.length, 64);
});

test('what black and white are is guessed, and whole where levels are wide apart', () => {
  const frame = frameOf(tensor('[n, 8, 8]'));
  assert.ok(frame);

  assert.deepEqual(rangeFor(tensor('[n, 8, 8]'), frame), { low: 0, high: 16 });
  assert.deepEqual(rangesFor(tensor('[n, 8, 8]', 'uint8')), [{ low: 0, high: 255 }]);
  const pixels = Float32Array.from([0, 0.5, 1]);
  assert.deepEqual(scaled(pixels, { low: 0, high: 255 }), [0, 128, 255]);
  assert.deepEqual(scaled(pixels, { low: -1, high: 1 }), [-1, 0, 1]);
});

test('colours become grey, and ink on paper is told from light on dark', () => {
  const white = { values: new Float32Array(12).fill(1), rows: 2, columns: 2, channels: 3 };

  const one = grey(white);

  assert.ok(one.values.every((value) => Math.abs(value - 1) < 1e-6));
  assert.ok(isOnPaper(one));
  assert.ok(!isOnPaper({ ...one, values: new Float32Array(4) }));
});
