import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findByName, moveOf } from '../src/sidebar/keys';
import type { ModelRow, VersionRow } from '../src/sidebar/rows';

function row(name: string, isOpen: boolean, ...versions: number[]): ModelRow {
  const shown = versions.map((version): VersionRow => ({
    key: `${name}/${version}`,
    model: name,
    version,
    shape: 'available',
    word: 'Available',
    detail: '',
    isReason: false,
    whole: '',
    labels: '',
    rate: '',
    batch: '',
    p50: '',
    p99: '',
    percent: null,
  }));
  const said = { rate: '', note: '', isProblem: false };
  return { key: name, name, ...said, isOpen, versions: isOpen ? shown : [] };
}

const ROWS = [row('digits', true, 8, 7), row('churn', false, 11), row('fraud', true, 2)];

test('arrows move along what is shown', () => {
  const moves: [string, string, string][] = [
    ['digits', 'ArrowDown', 'digits/8'],
    ['digits/7', 'ArrowDown', 'churn'],
    ['churn', 'ArrowDown', 'fraud'],
    ['churn', 'ArrowUp', 'digits/7'],
    ['fraud', 'Home', 'digits'],
    ['digits', 'End', 'fraud/2'],
    ['digits', 'ArrowRight', 'digits/8'],
    ['digits/7', 'ArrowLeft', 'digits'],
  ];
  for (const [at, key, to] of moves) {
    assert.deepEqual(moveOf(ROWS, at, key), { kind: 'focus', key: to }, `${key} at ${at}`);
  }
});

test('left and right close and open a model', () => {
  assert.deepEqual(moveOf(ROWS, 'churn', 'ArrowRight'), { kind: 'open', model: 'churn' });
  assert.deepEqual(moveOf(ROWS, 'digits', 'ArrowLeft'), { kind: 'close', model: 'digits' });
});

test('there is nothing beyond the ends', () => {
  assert.equal(moveOf(ROWS, 'digits', 'ArrowUp'), null);
  assert.equal(moveOf(ROWS, 'fraud/2', 'ArrowDown'), null);
  assert.equal(moveOf(ROWS, 'gone', 'ArrowDown'), null);
});

test('typing finds a name, and goes on around the end', () => {
  assert.equal(findByName(ROWS, 'digits', 'f'), 'fraud');
  assert.equal(findByName(ROWS, 'fraud', 'd'), 'digits');
  assert.equal(findByName(ROWS, 'digits', '1'), null);
  assert.equal(findByName(ROWS, 'digits', 'ch'), 'churn');
});
