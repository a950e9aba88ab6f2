import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommTransport } from '../src/widgets/commTransport';
import { FakeModel, turns } from './fakeModel';

const JSON_TYPE = { 'Content-Type': 'application/json' };

function joined() {
  const beats: (() => void)[] = [];
  let stopped = 0;
  const transport = new CommTransport((_, work) => {
    beats.push(work);
    return () => (stopped += 1);
  });
  const model = new FakeModel();
  return { transport, model, leave: transport.join(model), beats, stopped: () => stopped };
}

test('a request goes to the kernel and its answer comes back', async () => {
  const { transport, model } = joined();

  const answer = transport.fetch('v1/models/m:predict', {
    method: 'POST',
    headers: { ...JSON_TYPE, 'X-TFS-Timing': '1' },
    body: '{"inputs": [1]}',
  });
  await turns();
  const { ask } = model.last;
  model.say(
    { kind: 'answer', ask, status: 200, headers: { 'Server-Timing': 'run;dur=2' } },
    '{"outputs": [3]}',
  );
  const response = await answer;

  assert.deepEqual(model.last, {
    kind: 'ask',
    ask,
    method: 'POST',
    path: 'v1/models/m:predict',
    headers: { 'content-type': 'application/json', 'x-tfs-timing': '1' },
    body: '{"inputs": [1]}',
  });
  assert.deepEqual(await response.json(), { outputs: [3] });
  assert.equal(response.headers.get('Server-Timing'), 'run;dur=2');
});

test('answers find their requests in any order, and those of another page are left alone', async () => {
  const { transport, model } = joined();
  const first = transport.fetch('api/status', {});
  await turns();
  const one = model.last.ask;
  const second = transport.fetch('api/about', {});
  await turns();
  const two = model.last.ask;

  model.say({ kind: 'answer', ask: 'another.1', status: 500 });
  model.say({ kind: 'answer', ask: two, status: 404 }, 'two');
  model.say({ kind: 'answer', ask: one, status: 200 }, 'one');

  assert.equal(await (await first).text(), 'one');
  assert.equal((await second).status, 404);
});

test('a stream comes piece by piece, and ends', async () => {
  const { transport, model, beats, stopped } = joined();
  const asked = transport.fetch('api/events', {});
  await turns();
  const { ask } = model.last;
  model.say({ kind: 'answer', ask, status: 200, more: true });
  const reader = (await asked).body?.getReader();
  const decoder = new TextDecoder();

  model.say({ kind: 'piece', ask }, 'event: ');
  model.say({ kind: 'piece', ask }, 'status');
  beats[0]?.();
  model.say({ kind: 'over', ask });

  assert.equal(decoder.decode((await reader?.read())?.value), 'event: ');
  assert.equal(decoder.decode((await reader?.read())?.value), 'status');
  assert.equal((await reader?.read())?.done, true);
  assert.deepEqual(model.sent.at(-1), { kind: 'alive', ask });
  assert.equal(stopped(), 1);
});

test('who stops reading tells the kernel', async () => {
  const { transport, model } = joined();
  const turn = new AbortController();
  const asked = transport.fetch('api/events', { signal: turn.signal });
  await turns();
  const { ask } = model.last;
  model.say({ kind: 'answer', ask, status: 200, more: true });
  const reader = (await asked).body?.getReader();

  turn.abort();

  await assert.rejects(async () => reader?.read(), { name: 'AbortError' });
  assert.deepEqual(model.sent.at(-1), { kind: 'leave', ask });
});

test('when the widget that carried a stream is gone, another one carries the next', async () => {
  const { transport, model, leave } = joined();
  const other = new FakeModel();
  transport.join(other);
  const lost = transport.fetch('api/events', {});
  await turns();

  leave();
  await assert.rejects(lost, TypeError);
  void transport.fetch('api/events', {});
  await turns();

  assert.equal(model.isListenedTo, false);
  assert.equal(other.last.path, 'api/events');
});

test('a request waits for a widget to carry it', async () => {
  const transport = new CommTransport(() => () => undefined);
  void transport.fetch('api/status', {});
  const model = new FakeModel();
  await turns();

  transport.join(model);
  await turns();

  assert.equal(model.last.path, 'api/status');
});
