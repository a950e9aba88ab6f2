import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happening } from '../src/api/entries';
import { nextAxis, partsOf, stepFor } from '../src/page/metrics/ladder';
import { marksOf } from '../src/page/metrics/marks';
import { fromSamples, sharesOf, spotsOf } from '../src/page/metrics/measured';
import { endsOf, pathOf, sumOfEnds, valueAt, type Series } from '../src/page/metrics/series';
import { sample } from './examples';

const FRAME = { end: 1060, seconds: 60, step: 1 };

function series(spots: Series['spots'], label = ''): Series {
  return { label, kind: '', colour: '', spots };
}

test('an axis has few tops, which hold their values', () => {
  const cases: [number, number][] = [
    [0, 1],
    [0.9, 1],
    [12, 15],
    [12_400, 15_000],
    [0.04, 0.05],
    [81, 100],
  ];
  for (const [value, top] of cases) {
    assert.equal(stepFor(value), top, String(value));
  }
});

test('lines of the grid stand at round values', () => {
  assert.deepEqual([1, 1.5, 20, 30_000, 80].map(partsOf), [2, 3, 2, 3, 2]);
});

test('an axis grows at once and shrinks after a while', () => {
  const first = nextAxis(null, 40, 100);
  const grown = nextAxis(first, 70, 101);
  const held = nextAxis(grown, 10, 130);
  const shrunk = nextAxis(held, 10, 131);
  assert.deepEqual(
    [first, grown, held, shrunk].map(({ top }) => top),
    [50, 80, 80, 10],
  );
});

test('what is not known is a gap, not a zero', () => {
  const spots = [
    { at: 1000, value: 0 },
    { at: 1001, value: 10 },
    { at: 1030, value: null },
    { at: 1031, value: 5 },
    { at: 1034, value: 5 },
  ];
  assert.equal(pathOf(spots, FRAME, 10), 'M0.00 100.00h0L1.67 0.00M51.67 50.00h0M56.67 50.00h0');
});

test('the number beside a title is the sum of the ends of its lines', () => {
  const ended = series([{ at: 1059, value: 10 }]);
  const gap = series([
    { at: 1059, value: 3 },
    { at: 1060, value: null },
  ]);
  assert.equal(sumOfEnds([ended, series([{ at: 1060, value: 2 }]), gap]), 12);
  assert.equal(sumOfEnds([gap, series([])]), null);
});

test('a moment has the value that is near it, or none', () => {
  const line = series([{ at: 1030.4, value: 7 }]);
  assert.equal(valueAt(line, 1030, FRAME), 7);
  assert.equal(valueAt(line, 1032, FRAME), null);
});

test('names at the ends of lines do not stand on each other', () => {
  const ends = endsOf(
    [series([{ at: 1, value: 99 }], 'a'), series([{ at: 1, value: 98 }], 'b')],
    100,
  );
  const [low = 0, high = 0] = ends.map(({ percent }) => percent);
  assert.ok(high <= 100 && high - low >= 11, `${low} ${high}`);
});

test('what happened to the model in this time is marked, with words where there is room', () => {
  const happening = (at: number, kind: string, version = 8, model = 'digits'): Happening => ({
    at,
    model,
    version,
    kind,
    text: `${version} ${kind} after 1.9 s`,
  });
  const marks = marksOf(
    [
      happening(900, 'available'),
      happening(1030, 'available'),
      happening(1031, 'unloaded', 7),
      happening(1040, 'loading'),
      happening(1050, 'available', 1, 'other'),
    ],
    'digits',
    null,
    FRAME,
  );
  assert.deepEqual(
    marks.map(({ text }) => text),
    ['8 available', ''],
  );
});

test('the last minute that the page has heard becomes lines by version', () => {
  const samples = [sample(1000, { 'a/1': 4 }), sample(1001, { 'a/1': 2, 'a/2': 3, 'b/1': 9 })];
  const { moments, byVersion } = fromSamples(samples, 'a', null, [2, 1]);
  assert.deepEqual(
    spotsOf(moments, 'per_second').map(({ value }) => value),
    [4, 5],
  );
  assert.deepEqual(
    spotsOf(byVersion.get(2) ?? [], 'per_second').map(({ value }) => value),
    [0, 3],
  );
});

test('batch sizes come in their order, as shares', () => {
  assert.deepEqual(sharesOf({ '16-23': 3, '1': 1, '2-3': 0 }), [
    { label: '1', count: 1, share: 0.25 },
    { label: '2–3', count: 0, share: 0 },
    { label: '16–23', count: 3, share: 0.75 },
  ]);
});
