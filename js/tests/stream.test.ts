import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../src/api/errors';
import type { Event } from '../src/api/events';
import { EventStream, type Connection } from '../src/api/stream';
import { SERVER } from './examples';

const STATUS = JSON.stringify({ server: SERVER, models: [], sample: null });

/** A server and a clock, both in the hands of the test. */
class World {
  readonly heard: Event[] = [];
  readonly states: string[] = [];
  readonly pauses: number[] = [];
  connection: Connection = { state: 'idle' };
  opened = 0;
  refusal: Error | null = null;
  readonly stream = new EventStream(
    {
      open: () => this._open(),
      now: () => 0,
      after: (delayMs, work) => {
        const timer = { delayMs, work };
        this._timers.add(timer);
        return () => void this._timers.delete(timer);
      },
    },
    (event) => this.heard.push(event),
    (connection) => {
      this.connection = connection;
      this.states.push(connection.state);
    },
  );

  send(text: string): void {
    this._body?.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this._body?.close();
  }

  /** Let the time of all that waits come. */
  pass(): void {
    for (const timer of [...this._timers]) {
      this._timers.delete(timer);
      this.pauses.push(timer.delayMs);
      timer.work();
    }
  }

  private _open(): Promise<ReadableStream<Uint8Array>> {
    this.opened += 1;
    if (this.refusal) {
      return Promise.reject(this.refusal);
    }
    return Promise.resolve(new ReadableStream({ start: (body) => void (this._body = body) }));
  }

  private _body: ReadableStreamDefaultController<Uint8Array> | null = null;
  private readonly _timers = new Set<{ delayMs: number; work: () => void }>();
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

async function live(): Promise<World> {
  const world = new World();
  world.stream.start();
  await settled();
  world.send(`event: status\ndata: ${STATUS}\n\n`);
  await settled();
  return world;
}

test('a stream is live with its first status', async () => {
  const world = await live();
  assert.deepEqual(world.states, ['connecting', 'live']);
  assert.deepEqual(
    world.heard.map((event) => event.kind),
    ['status'],
  );
});

test('a stream that ends is opened again, each time after a longer pause', async () => {
  const world = await live();
  world.refusal = new TypeError('Failed to fetch');
  world.end();
  await settled();
  for (let time = 0; time < 7; time++) {
    assert.equal(world.connection.state, 'waiting');
    world.pass();
    await settled();
  }
  assert.deepEqual(world.pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('after a status the pauses begin anew', async () => {
  const world = await live();
  world.end();
  await settled();
  world.pass();
  await settled();
  world.send(`event: status\ndata: ${STATUS}\n\n`);
  await settled();
  world.end();
  await settled();
  world.pass();
  assert.deepEqual(world.pauses, [1000, 1000]);
});

test('a stream that is silent for too long counts as lost', async () => {
  const world = await live();
  world.pass();
  assert.equal(world.connection.state, 'waiting');
});

test('without the server part it is not asked again until somebody wants that', async () => {
  const world = new World();
  world.refusal = new ApiError(404, 'Not found');
  world.stream.start();
  await settled();
  world.pass();
  assert.equal(world.connection.state, 'refused');
  assert.equal(world.opened, 1);

  world.refusal = null;
  world.stream.retry();
  await settled();
  assert.equal(world.opened, 2);
});

test('a stopped stream says nothing any more, and can start again', async () => {
  const world = await live();
  world.stream.stop();
  world.send(`event: status\ndata: ${STATUS}\n\n`);
  await settled();
  assert.deepEqual([world.heard.length, world.connection.state], [1, 'idle']);

  world.stream.start();
  assert.equal(world.connection.state, 'connecting');
});
