import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSample, isServer, isStatus } from '../src/api/entries';
import { model, sample, SERVER, version } from './examples';

const STATUS = { server: SERVER, models: [model('digits')], sample: sample(1000, { 'm/1': 2 }) };

void test('a server that does not know the newer fields is understood', () => {
  assert.ok(isStatus(STATUS));
});

void test('fields that we do not know are left alone', () => {
  assert.ok(isStatus({ ...STATUS, moon: 'full', server: { ...SERVER, tide: 3 } }));
});

void test('the newer fields are held to their types, too', () => {
  const since = { ...version(7), since: 1000, load_started_at: null };
  assert.ok(isStatus({ ...STATUS, models: [model('m', { versions: [since] })] }));
  const wrong = { ...model('m'), versions: [{ ...since, since: 'now' }] };
  assert.ok(!isStatus({ ...STATUS, models: [wrong] }));
});

void test('the cause of an end comes with its facts', () => {
  const cause = { kind: 'port_in_use', port: 8501, pid: 12, program: 'python3' };
  assert.ok(isServer({ ...SERVER, cause }));
  assert.ok(!isServer({ ...SERVER, cause: { kind: 'exit', exit_code: 'three' } }));
});

void test('all versions together have figures, and histograms where requests were batched', () => {
  const all = {
    per_second: 12,
    errors_per_second: 0,
    p50_ms: 1,
    p90_ms: 2,
    p99_ms: null,
    batch_rows: 2.5,
    batches: { '1': 3, '2-3': 1 },
  };
  assert.ok(isSample({ ...sample(1), all }));
  assert.ok(!isSample({ ...sample(1), all: { ...all, batches: { '1': 'three' } } }));
});
