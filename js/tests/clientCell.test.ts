import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientCell } from '../src/commands/clientCell';
import type { Signature, Tensor } from '../src/api/signatures';

const tensor = (name: string, type: string, shape: string, isOptional = false): Tensor => ({
  name,
  type,
  shape,
  isOptional,
});

const signature = (more: Partial<Signature>): Signature => ({
  name: 'serving_default',
  method: 'predict',
  inputs: [tensor('image', 'float32', '[n, 8, 8]')],
  outputs: [tensor('class', 'int64', '[n]')],
  ...more,
});

test('a client cell says what the model takes, and asks with an example that fits', () => {
  assert.equal(
    clientCell('digits', 8, [signature({})]),
    [
      '# digits, serving_default: image float32 [n, 8, 8] -> class int64 [n]',
      'import numpy as np',
      '',
      'image = np.zeros((1, 8, 8), dtype=np.float32)',
      '%tfs_predict digits image --version 8',
    ].join('\n'),
  );
});

test('several inputs are a dictionary; those with defaults are left out', () => {
  const inputs = [
    tensor('text', 'string', '[n]'),
    tensor('a b', 'bool', '[2]'),
    tensor('threshold', 'float32', '[]', true),
  ];
  const cell = clientCell('m', undefined, [signature({ name: 'both', inputs })]);
  assert.match(cell, /text = np\.full\(\(1,\), "", dtype=object\)/);
  assert.match(cell, /x1 = np\.zeros\(\(2,\), dtype=bool\)/);
  assert.match(cell, /^%tfs_predict m {"text": text, "a b": x1} --signature both$/m);
});

test('where nothing is known of the signatures the cell still shows how to ask', () => {
  assert.equal(clientCell('m', 3, []), '%tfs_predict m X[:3] --version 3');
});

test('a name that breaks the line stays in its comment', () => {
  const inputs = [tensor('a\nimport os', 'float32', '[]')];
  const first = clientCell('m', undefined, [signature({ inputs })]).split('\n')[0];
  assert.match(first ?? '', /^# m.*a import os float32/);
});

test('no name of a model becomes code, whatever Python takes for the end of a line', () => {
  const inputs = [tensor('a\u0085!ls', 'float32', '[]'), tensor('b\u2028!ls', 'float32', '[]')];
  const cell = clientCell('m', undefined, [signature({ inputs })]);
  assert.doesNotMatch(cell, /[\u0085\u2028]/);
  const named = [signature({ name: 'x\n!ls' })];
  assert.equal(clientCell('m', undefined, named), '%tfs_predict m X[:3]');
});
