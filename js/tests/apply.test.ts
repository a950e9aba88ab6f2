import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../src/store/apply';
import { known, model, sample, SERVER, version } from './examples';

const names = (models: readonly { name: string }[]) => models.map((each) => each.name);

test('a model keeps its place when it changes, and a new one comes first', () => {
  const before = known({ models: [model('a'), model('b')] });
  const changed = [model('b', { labels: { stable: 1 } }), model('c')];

  const after = apply(before, { kind: 'models', changed, removed: [] }, 1000);

  assert.deepEqual(names(after.models), ['c', 'a', 'b']);
  assert.deepEqual(after.models[2]?.labels, { stable: 1 });
});

test('a removed model is gone', () => {
  const before = known({ models: [model('a'), model('b')] });
  const after = apply(before, { kind: 'models', changed: [], removed: ['a'] }, 1000);
  assert.deepEqual(names(after.models), ['b']);
});

test('a status replaces all that was known', () => {
  const before = known({ models: [model('a')], sample: sample(900) });
  const status = { server: { ...SERVER, state: 'stopped' as const }, models: [], sample: null };

  const after = apply(before, { kind: 'status', status }, 1000);

  assert.deepEqual([after.server?.state, after.models, after.sample], ['stopped', [], null]);
});

test('rows keep their place when the connection is back', () => {
  const before = known({ models: [model('b'), model('a')] });
  const status = { server: SERVER, models: [model('a'), model('b'), model('c')], sample: null };
  assert.deepEqual(names(apply(before, { kind: 'status', status }, 1000).models), ['c', 'b', 'a']);
});

test('the last minute is kept, each second once', () => {
  let now = known();
  for (const at of [1000, 1001, 1001, 1030, 1061.5]) {
    now = apply(now, { kind: 'sample', sample: sample(at, { 'a/1': at }) }, at);
  }
  assert.deepEqual(
    now.points.map((point) => point.at),
    [1030, 1061.5],
  );
});

test('a load that was seen to begin has a time, one that was found under way has none', () => {
  const loading = model('a', { versions: [version(1, { state: 'LOADING' })] });
  const status = { server: SERVER, models: [loading], sample: null };
  const found = apply(known({ server: null }), { kind: 'status', status }, 1000);
  const seen = apply(known(), { kind: 'models', changed: [loading], removed: [] }, 1000);
  const later = apply(seen, { kind: 'models', changed: [loading], removed: [] }, 1007);

  assert.equal(found.loadingSince.get('a/1'), undefined);
  assert.equal(later.loadingSince.get('a/1'), 1000);
});

test('a server whose clock is ahead is taken at its own time', () => {
  const after = apply(known(), { kind: 'sample', sample: sample(4600) }, 1000);
  assert.equal(after.skew, 3600);
});

test('numbers are forgotten when the server ends', () => {
  const before = known({ sample: sample(1000, { 'a/1': 5 }) });
  const server = { ...SERVER, state: 'restarting' as const };
  assert.equal(apply(before, { kind: 'server', server }, 1000).sample, null);
});

test('what happened is kept once, in its order, however often it is told', () => {
  const loading = { at: 1000, model: 'a', version: 2, kind: 'loading', text: '2 loading' };
  const available = { at: 1002, model: 'a', version: 2, kind: 'available', text: '2 available' };
  const heard = apply(known(), { kind: 'happened', events: [available] }, 1002);
  const status = { server: SERVER, models: [], sample: null, events: [loading, available] };

  const after = apply(heard, { kind: 'status', status }, 1003);

  assert.deepEqual(after.happened, [loading, available]);
});
