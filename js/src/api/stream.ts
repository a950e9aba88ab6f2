/**
 * Follows the events of the server, for as long as somebody looks.
 *
 *     idle --somebody looks--> connecting --> live --the connection ends--> waiting --> connecting
 *       ^                                       |
 *       +---------------- nobody looks ---------+
 *
 * Each connection begins with the full status, so whoever was away is right again at once. A
 * connection that is silent for longer than the server ever is counts as lost.
 */

import { ApiError } from './errors';
import { eventOf, type Event } from './events';
import { MessageParser } from './messages';

export type Connection =
  | { readonly state: 'idle' | 'connecting' | 'live' }
  | { readonly state: 'waiting'; readonly retryAt: number }
  | { readonly state: 'refused'; readonly error: ApiError };

/** What the stream needs of its surroundings; a test gives its own. */
export interface Surroundings {
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  now(): number;
  after(delayMs: number, work: () => void): () => void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something every 15 s

export class EventStream {
  constructor(
    private readonly _around: Surroundings,
    private readonly _heard: (event: Event) => void,
    private readonly _connected: (connection: Connection) => void,
  ) {}

  /** Begin, if it is not under way. */
  start(): void {
    if (this._connection.state === 'idle') {
      this._connect();
    }
  }

  /** End, until the next start. */
  stop(): void {
    this._end();
    this._pauseMs = FIRST_PAUSE_MS;
    this._become({ state: 'idle' });
  }

  /** Try again now rather than later, also after a refusal. */
  retry(): void {
    if (this._connection.state === 'waiting' || this._connection.state === 'refused') {
      this._connect();
    }
  }

  private _connect(): void {
    this._end();
    const turn = new AbortController();
    this._turn = turn;
    this._become({ state: 'connecting' });
    this._follow(turn).then(
      () => this._lost(turn, null),
      (error: unknown) => this._lost(turn, error),
    );
  }

  private async _follow(turn: AbortController): Promise<void> {
    this._watch(turn);
    const body = await this._around.open(turn.signal);
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parser = new MessageParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      this._watch(turn);
      for (const message of parser.push(decoder.decode(value, { stream: true }))) {
        const event = eventOf(message);
        if (event && !turn.signal.aborted) {
          this._take(event);
        }
      }
    }
  }

  private _take(event: Event): void {
    if (event.kind === 'status') {
      this._pauseMs = FIRST_PAUSE_MS;
      this._become({ state: 'live' });
    }
    this._heard(event);
  }

  private _lost(turn: AbortController, error: unknown): void {
    if (turn !== this._turn) {
      return;
    }
    this._end();
    if (error instanceof ApiError && error.isFinal) {
      this._become({ state: 'refused', error });
      return;
    }
    const pause = this._pauseMs;
    this._pauseMs = Math.min(2 * pause, LONGEST_PAUSE_MS);
    this._become({ state: 'waiting', retryAt: this._around.now() + pause });
    this._cancel = this._around.after(pause, () => this._connect());
  }

  /** Give the connection up unless something is heard in time. */
  private _watch(turn: AbortController): void {
    this._cancel();
    this._cancel = this._around.after(SILENCE_MS, () => this._lost(turn, null));
  }

  private _end(): void {
    this._cancel();
    this._cancel = () => undefined;
    this._turn?.abort();
    this._turn = null;
  }

  private _become(connection: Connection): void {
    this._connection = connection;
    this._connected(connection);
  }

  private _connection: Connection = { state: 'idle' };
  private _turn: AbortController | null = null;
  private _cancel: () => void = () => undefined;
  private _pauseMs = FIRST_PAUSE_MS;
}
