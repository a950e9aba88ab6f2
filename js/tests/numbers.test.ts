import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutInMiddle } from '../src/format/middle';
import { partsOf } from '../src/format/logline';
import { Numbers } from '../src/format/numbers';

const numbers = new Numbers('en');
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('rates have three digits at most', () => {
  const rates: [number | null, string][] = [
    [0, '0/s'],
    [86, '86/s'],
    [1240, '1.24k/s'],
    [12_345, '12.3k/s'],
    [1_200_000, '1.2M/s'],
    [999.7, '1k/s'],
    [null, '–'],
  ];
  for (const [value, text] of rates) {
    assert.equal(numbers.rate(value), text);
  }
});

test('times have the unit that suits them', () => {
  const times: [number, string][] = [
    [0.4, '0.4 ms'],
    [4.2, '4.2 ms'],
    [38.4, '38 ms'],
    [1900, '1.9 s'],
  ];
  for (const [value, text] of times) {
    assert.equal(plain(numbers.milliseconds(value)), text);
  }
});

test('sizes are powers of ten', () => {
  const sizes: [number, string][] = [
    [9.4e6, '9.4 MB'],
    [118.2e6, '118 MB'],
    [1.4e9, '1.4 GB'],
    [12_019, '12 kB'],
    [620, '620 B'],
  ];
  for (const [value, text] of sizes) {
    assert.equal(plain(numbers.bytes(value)), text);
  }
});

test('lengths of time name the units that matter', () => {
  const lengths: [number, string][] = [
    [2, '2 s'],
    [725, '12 min'],
    [8040, '2 h 14 min'],
    [7200, '2 h'],
    [3 * 86_400 + 5000, '3 d'],
  ];
  for (const [value, text] of lengths) {
    assert.equal(plain(numbers.duration(value)), text);
  }
});

test('parts are percent with one decimal', () => {
  assert.deepEqual(
    [0.904, 0.001, 0.0004, 0].map((part) => numbers.percent(part)),
    ['90.4%', '0.1%', '<0.1%', '0%'],
  );
});

test('a long name is cut in its middle', () => {
  assert.equal(cutInMiddle('sentence-encoder', 16), 'sentence-encoder');
  assert.equal(cutInMiddle('sentence-encoder-large', 11), 'sente…large');
});

test('a line of the log is time, level and text', () => {
  const line =
    '2026-11-21 22:38:33,746 ERROR server_ext.lifecycle.manager: fraud version 2 failed: x';
  assert.deepEqual(partsOf(line), {
    time: '22:38:33.746',
    level: 'error',
    text: 'fraud version 2 failed: x',
  });
  assert.deepEqual(partsOf('Exporting HTTP/REST API at:localhost:8501 ...'), {
    time: '',
    level: 'info',
    text: 'Exporting HTTP/REST API at:localhost:8501 ...',
  });
  assert.equal(partsOf('ValueError: no').level, 'error');
});
