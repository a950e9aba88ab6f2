import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../src/api/errors';
import type { Server, Version } from '../src/api/entries';
import {
  labelsOf,
  loadingOf,
  olderOf,
  onDiskOf,
  progressOf,
  serverWord,
  versionsOf,
  versionWord,
} from '../src/store/reading';
import { keyOf, SERVER as WHOLE_SERVER } from '../src/store/snapshot';
import { known, model, SERVER, version } from './examples';

test('each state of the server has its word', () => {
  const words: [Server['state'], string][] = [
    ['starting', 'starting'],
    ['running', 'running'],
    ['restarting', 'restarting'],
    ['stopping', 'draining'],
    ['stopped', 'stopped'],
    ['failed', 'failed'],
  ];
  for (const [state, word] of words) {
    assert.equal(serverWord(known({ server: { ...SERVER, state } })), word);
  }
});

test('a lost connection is said before the state that was last known', () => {
  assert.equal(serverWord(known({ connection: { state: 'waiting', retryAt: 5 } })), 'reconnecting');
  assert.equal(
    serverWord(known({ connection: { state: 'connecting' }, lost: true })),
    'reconnecting',
  );
  assert.equal(serverWord(known({ connection: { state: 'connecting' } })), 'running');
});

test('a server part that is not there is told from one that refuses', () => {
  const refused = (status: number) =>
    serverWord(known({ connection: { state: 'refused', error: new ApiError(status, '') } }));
  assert.deepEqual([refused(404), refused(403)], ['missing', 'refused']);
});

test('what somebody asked for shows at once', () => {
  const stopping = known({ pending: new Map([[WHOLE_SERVER, 'stopping' as const]]) });
  const digits = model('digits', { versions: [version(7)] });
  const unloading = known({ pending: new Map([[keyOf('digits', 7), 'unloading' as const]]) });

  assert.equal(serverWord(stopping), 'draining');
  assert.equal(versionWord(unloading, digits, version(7)), 'unloading');
});

test('each state of a version has its word', () => {
  const error = { code: 'DATA_LOSS', message: 'It is broken.' };
  const words: [Partial<Version>, string][] = [
    [{ state: 'START' }, 'waiting'],
    [{ state: 'LOADING' }, 'loading'],
    [{ state: 'AVAILABLE' }, 'available'],
    [{ state: 'UNLOADING' }, 'unloading'],
    [{ state: 'END' }, 'unloaded'],
    [{ state: 'END', error }, 'failed'],
  ];
  for (const [more, word] of words) {
    assert.equal(versionWord(known(), model('a'), version(1, more)), word);
  }
});

test('versions stay listed while the server does not run', () => {
  const gone = model('a', { versions: [] });
  const remembered = new Map([['a', [version(7), version(8)]]]);
  const stopped = known({ remembered, server: { ...SERVER, state: 'stopped' } });

  const listed = versionsOf(stopped, gone, 1000);

  assert.deepEqual(
    listed.map(({ version: number, state }) => [number, state]),
    [
      [8, 'END'],
      [7, 'END'],
    ],
  );
  assert.deepEqual(versionsOf(known({ remembered }), gone, 1000), []);
});

test('a version that was unloaded is listed as long as it has files', () => {
  const error = { code: 'DATA_LOSS', message: 'It is broken.' };
  const files = [{ version: 3, bytes: 1, modified: 1 }];
  const versions = [version(3), version(2, { state: 'END', error }), version(1, { state: 'END' })];
  const numbers = (more: object) =>
    versionsOf(known(), model('a', { versions, ...more }), 1000).map((each) => each.version);

  assert.deepEqual(numbers({ on_disk: files }), [3, 2]);
  assert.deepEqual(numbers({ on_disk: [{ ...files[0], version: 1 }, ...files] }), [3, 2, 1]);
  assert.deepEqual(numbers({ on_disk: [] }), [3, 2, 1], 'nobody has looked there');
});

test('labels are in the order of the alphabet, and a roll back goes to the version before', () => {
  const digits = model('digits', {
    labels: { stable: 8, canary: 8, old: 6 },
    versions: [version(6), version(8), version(7, { state: 'END' })],
  });
  assert.deepEqual(labelsOf(digits, 8), ['canary', 'stable']);
  assert.equal(olderOf(digits, 8)?.version, 6);
});

test('a part of a load is told only if the server expects its end', () => {
  const digits = model('a');
  const now = (more: Partial<Version>) =>
    progressOf(known(), digits, version(2, { state: 'LOADING', ...more }), 1002);

  assert.equal(now({}), null);
  assert.deepEqual(now({ load_started_at: 1000 }), { elapsed: 2, part: null, left: null });
  const started = { load_started_at: 1000, load_expected_s: 8 };
  assert.deepEqual(now(started), { elapsed: 2, part: 0.25, left: 6 });
  assert.deepEqual(now({ ...started, load_expected_s: 1.5 }), {
    elapsed: 2,
    part: null,
    left: null,
  });
});

test('a load whose begin was seen has a time even where the server tells none', () => {
  const seen = known({ loadingSince: new Map([['a/2', 1000]]) });
  const loading = version(2, { state: 'LOADING' });
  assert.equal(progressOf(seen, model('a'), loading, 1003)?.elapsed, 3);
});

test('what lies on disk is listed unless the server says more of it', () => {
  const files = [3, 1, 2].map((each) => ({ version: each, bytes: 5, modified: 900 }));
  const digits = model('a', { versions: [version(2)], on_disk: files });
  assert.deepEqual(
    onDiskOf(digits).map((each) => each.version),
    [3, 1],
  );
});

test('the model that loads next is named, and none when all answer', () => {
  const waits = model('b', { versions: [version(1, { state: 'LOADING' })] });
  assert.deepEqual(loadingOf([model('a'), waits, model('c', { versions: [] })]), {
    number: 2,
    name: 'b',
  });
  assert.equal(loadingOf([model('a')]), null);
});
