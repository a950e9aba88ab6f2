import assert from 'node:assert/strict';
import { test } from 'node:test';
import { savedIn, sightOf } from '../src/output/sight';
import { isSpec, type PanelSpec } from '../src/output/spec';
import { ApiError } from '../src/api/errors';
import { known, model, sample, SERVER } from './examples';

function spec(value: object): PanelSpec {
  assert.ok(isSpec(value));
  return value;
}

const SAVED = { server: SERVER, models: [model('digits')], sample: sample(990, { 'digits/1': 7 }) };
const STATUS = spec({ format: 1, kind: 'status', saved: SAVED, host: 'one', at: 1000 });
const TENSOR = { name: 'x', type: 'float32', shape: '[n]' };

const SERVED = {
  format: 1,
  kind: 'served',
  at: 1,
  facts: {
    answers: [{ model: 'digits', version: 8, reason: '' }],
    steps: [{ what: 'loaded', seconds: 1.1 }],
    rest: 'http://127.0.0.1:8501/v1/models/digits',
    grpc: '',
    notes: [],
    next: ['%tfs_predict digits x[:3]'],
  },
};
const PROBLEM = {
  format: 1,
  kind: 'problem',
  at: 1,
  facts: { title: '', remedy: '', expected: TENSOR, got: null, wrong: null, lines: [] },
};

test('specs of each kind are known', () => {
  assert.ok(isSpec(STATUS));
  assert.ok(isSpec(SERVED));
  assert.ok(isSpec(PROBLEM));
  assert.ok(isSpec({ format: 1, kind: 'panel', at: 1 }));
  assert.ok(isSpec({ format: 1, kind: 'draw', model: 'digits', size: [8, 8], at: 1 }));
});

test('a drawing that would take more room than a page has is no spec', () => {
  for (const size of [
    [1e9, 1e9],
    [8, -1],
    [8, 0.5],
    [8, NaN],
  ]) {
    assert.ok(!isSpec({ format: 1, kind: 'draw', model: 'digits', size, at: 1 }));
  }
});

test('what a notebook of somebody else holds is no spec unless every part is', () => {
  assert.ok(!isSpec(null));
  assert.ok(!isSpec({ format: 2, kind: 'status', at: 1 }));
  assert.ok(!isSpec({ format: 1, kind: 'other', at: 1 }));
  assert.ok(!isSpec({ format: 1, kind: 'draw', at: 1 }), 'a model is missing');
  assert.ok(!isSpec({ ...SERVED, facts: { ...SERVED.facts, rest: 8501 } }));
  assert.ok(!isSpec({ ...STATUS, saved: { server: {}, models: [], sample: null } }));
  assert.ok(!isSpec({ ...PROBLEM, facts: { ...PROBLEM.facts, expected: 'x' } }));
});

test('until the server is heard, an output shows what the cell saw', () => {
  const saved = savedIn(STATUS);
  const nothing = known({ server: null, connection: { state: 'connecting' } });

  const sight = sightOf(STATUS, nothing, saved);

  assert.equal(sight.mode, 'stale');
  assert.equal(sight.known.models[0]?.name, 'digits');
  assert.equal(sight.known.sample?.versions[0]?.per_second, 7);
});

test('a server that is heard is shown as it is, whatever the cell saw', () => {
  const told = known({ host: 'one', models: [] });

  const sight = sightOf(STATUS, told, savedIn(STATUS));

  assert.equal(sight.mode, 'live');
  assert.deepEqual(sight.known.models, []);
});

test('the server of somebody else stays as it was saved', () => {
  const told = known({ host: 'two' });

  assert.equal(sightOf(STATUS, told, savedIn(STATUS)).mode, 'saved');
});

test('where the server part is missing the output stays as it was saved', () => {
  const missing = known({
    server: null,
    connection: { state: 'refused', error: new ApiError(404, 'Not Found') },
  });

  assert.equal(sightOf(STATUS, missing, savedIn(STATUS)).mode, 'saved');
});

test('an output without saved values has nothing to show at first', () => {
  const bare = spec({ format: 1, kind: 'panel', at: 1 });

  assert.deepEqual(savedIn(bare).models, []);
});
