import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remedyOf } from '../src/sidebar/remedy';

test('the remedy follows from why the server ended, not from the words it used', () => {
  const cases: [string, string][] = [
    ['port_in_use', 'other-port'],
    ['out_of_memory', 'less-memory'],
    ['exit', 'log'],
    ['a kind of tomorrow', 'again'],
  ];
  for (const [kind, remedy] of cases) {
    assert.equal(remedyOf({ cause: { kind }, reason: 'It ended.' }), remedy, kind);
  }
});

test('where there are only words, a port in them is what helps', () => {
  assert.equal(remedyOf({ reason: 'Port 8501 is in use by pid 4312.' }), 'other-port');
  assert.equal(remedyOf({ cause: null, reason: null }), 'again');
});
