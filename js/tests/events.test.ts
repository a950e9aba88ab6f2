import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from '../src/api/events';
import { model, sample, SERVER } from './examples';

const message = (event: string, data: unknown) => ({ event, data: JSON.stringify(data) });

test('what the server sends is an event with a type', () => {
  const status = { server: SERVER, models: [model('digits')], sample: sample(5), held: [] };
  assert.equal(eventOf(message('status', status))?.kind, 'status');
  assert.equal(eventOf(message('server', { type: 'server', server: SERVER }))?.kind, 'server');
  assert.equal(eventOf(message('models', { changed: [], removed: ['a'] }))?.kind, 'models');
  assert.equal(eventOf(message('sample', sample(5, { 'a/1': 2 })))?.kind, 'sample');
  assert.equal(eventOf(message('log', { lines: [{ seq: 1, at: 2, text: 'a' }] }))?.kind, 'log');
});

test('fields that a newer server adds are left alone', () => {
  const later = { ...SERVER, weather: 'fine' };
  assert.equal(eventOf(message('server', { server: later }))?.kind, 'server');
});

test('what is not as agreed is no event, and breaks nothing', () => {
  const wrong: [string, unknown][] = [
    ['server', { server: { ...SERVER, state: 'asleep' } }],
    ['server', null],
    ['models', { changed: [{ name: 'a' }], removed: [] }],
    ['sample', []],
    ['news', {}],
  ];
  for (const [event, data] of wrong) {
    assert.equal(eventOf(message(event, data)), null, event);
  }
  assert.equal(eventOf({ event: 'server', data: 'no JSON' }), null);
});
