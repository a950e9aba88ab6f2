/**
 * Requests as messages to the kernel, which asks the model server that it talks to itself: for
 * VS Code, Colab and other places where the page cannot reach the server.
 *
 *     page --ask {ask, method, path, headers, body}--> kernel
 *          <--answer {ask, status, headers} and the body; or `more`, then piece ... piece, over--
 *          --leave {ask}: nobody reads it any more; alive {ask}: somebody does, once a minute-->
 *
 * `ask` is the number of a request, which no other page has. Whichever of our widgets is shown
 * carries the messages.
 */

import type { Transport } from '../api/client';
import {
  dictOf,
  isNumber,
  isText,
  isYesNo,
  oneOf,
  optional,
  shape,
  type Guarded,
} from '../api/guards';
import type { Custom, WidgetModel } from './model';

const ALIVE_MS = 60_000;
const isTold = shape({
  kind: oneOf('answer', 'piece', 'over'),
  ask: isText,
  status: optional(isNumber),
  headers: optional(dictOf(isText)),
  more: optional(isYesNo),
});

interface Asked {
  readonly by: WidgetModel;
  readonly answer: (response: Response) => void;
  readonly fail: (error: Error) => void;
  body?: ReadableStreamDefaultController<Uint8Array>;
}

type Every = (ms: number, work: () => void) => () => void;

export class CommTransport implements Transport {
  constructor(private readonly _every: Every = everySoOften) {}

  /** Send by this widget's model from now on, if no other does, until what is returned is called. */
  join(model: WidgetModel): () => void {
    const heard: Custom = (content, buffers) => this._hear(content, buffers);
    const member = { model };
    model.on('msg:custom', heard);
    this._members.push(member);
    this._joined();
    return () => {
      model.off('msg:custom', heard);
      this._members.splice(this._members.indexOf(member), 1);
      if (!this._members.some((each) => each.model === model)) {
        this._drop(model);
      }
    };
  }

  async fetch(path: string, init: RequestInit): Promise<Response> {
    const by = await this._carrier(init.signal);
    const id = `${this._page}.${++this._last}`;
    return new Promise((answer, fail) => {
      this._asked.set(id, { by, answer, fail });
      init.signal?.addEventListener('abort', () => this._leave(id));
      by.send({
        kind: 'ask',
        ask: id,
        method: init.method ?? 'GET',
        path,
        headers: Object.fromEntries(new Headers(init.headers)),
        body: typeof init.body === 'string' ? init.body : null,
      });
    });
  }

  /** The widget that carries messages, as soon as there is one. */
  private async _carrier(signal: AbortSignal | null | undefined): Promise<WidgetModel> {
    for (;;) {
      if (signal?.aborted) {
        throw aborted();
      }
      const [first] = this._members;
      if (first) {
        return first.model;
      }
      await new Promise<void>((resolve) => this._waiting.push(resolve));
    }
  }

  private _joined(): void {
    this._waiting.splice(0).forEach((go) => go());
  }

  private _hear(content: unknown, buffers: readonly DataView[]): void {
    if (!isTold(content)) {
      return;
    }
    const asked = this._asked.get(content.ask);
    if (!asked) {
      return;
    }
    const bytes = bytesOf(buffers[0]);
    if (content.kind === 'answer') {
      this._answered(content.ask, asked, content, bytes);
    } else if (content.kind === 'piece') {
      asked.body?.enqueue(bytes);
    } else {
      this._forget(content.ask);
      asked.body?.close();
    }
  }

  private _answered(
    id: string,
    asked: Asked,
    head: Guarded<typeof isTold>,
    bytes: Uint8Array,
  ): void {
    const init = { status: head.status ?? 500, headers: { ...head.headers } };
    if (!head.more) {
      this._forget(id);
      asked.answer(new Response(bytes.length > 0 ? bytes : null, init));
      return;
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (asked.body = controller),
      cancel: () => this._leave(id),
    });
    this._stopTelling ??= this._every(ALIVE_MS, () => this._tellAlive());
    asked.answer(new Response(body, init));
  }

  private _leave(id: string): void {
    const asked = this._asked.get(id);
    if (asked) {
      this._forget(id);
      asked.by.send({ kind: 'leave', ask: id });
      this._fail(asked, aborted());
    }
  }

  /** Fail what a widget carried that is shown no longer, so that it is asked again. */
  private _drop(model: WidgetModel): void {
    for (const [id, asked] of [...this._asked]) {
      if (asked.by === model) {
        this._forget(id);
        trySending(model, { kind: 'leave', ask: id });
        this._fail(asked, new TypeError('The widget that carried this request is gone'));
      }
    }
  }

  private _fail(asked: Asked, error: Error): void {
    asked.fail(error); // nothing, if it has its answer
    try {
      asked.body?.error(error);
    } catch {
      // It was read to its end.
    }
  }

  private _forget(id: string): void {
    this._asked.delete(id);
    if (![...this._asked.values()].some((each) => each.body)) {
      this._stopTelling?.();
      this._stopTelling = null;
    }
  }

  private _tellAlive(): void {
    for (const [id, { by, body }] of this._asked) {
      if (body) {
        trySending(by, { kind: 'alive', ask: id });
      }
    }
  }

  private readonly _members: { readonly model: WidgetModel }[] = [];
  private readonly _waiting: (() => void)[] = [];
  private readonly _asked = new Map<string, Asked>();
  private readonly _page = Math.random().toString(36).slice(2);
  private _last = 0;
  private _stopTelling: (() => void) | null = null;
}

function everySoOften(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
}

/** A model whose kernel has gone throws; there is nobody to tell then. */
function trySending(model: WidgetModel, content: unknown): void {
  try {
    model.send(content);
  } catch {
    // Its end is what is told.
  }
}

function bytesOf(view: DataView | undefined): Uint8Array {
  return view
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
    : new Uint8Array();
}

function aborted(): DOMException {
  return new DOMException('Nobody waits for this any more', 'AbortError');
}
