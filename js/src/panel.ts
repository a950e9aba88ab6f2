/**
 * What all our widgets share: one client, one stream of events, one store.
 *
 * The stream runs while at least one widget is looked at and the page is shown; a page that is
 * hidden for a moment keeps it.
 */

import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Client, type Transport } from './api/client';
import { EventStream } from './api/stream';
import { Choices } from './store/choices';
import { Store } from './store/store';

const HIDDEN_FOR_MS = 5000;

/** A row of the tree, and where a menu of it opens. */
export interface Row {
  readonly model: string;
  readonly version?: number | undefined;
  readonly x?: number | undefined;
  readonly y?: number | undefined;
}

export class Panel implements IDisposable {
  readonly client: Client;
  readonly store = new Store();
  readonly choices = new Choices();
  /** The row that had the focus last: what commands are about that are told no other. */
  currentRow: Row = { model: '' };
  /** Whether the sidebar is in sight, which then shows what became of a wish. */
  isSidebarShown = false;
  /** The output that was clicked last: it says what became of that. */
  currentView = '';

  /** Whether a key does something of its own at a row, see the settings. */
  isShortcut: (key: string, at: Element) => boolean = () => false;

  constructor(transport: Transport) {
    this.client = new Client(transport);
    this._stream = new EventStream(
      {
        open: (signal) => this.client.events(signal),
        now: () => Date.now(),
        after: (delayMs, work) => {
          const timer = setTimeout(work, delayMs);
          return () => clearTimeout(timer);
        },
      },
      (event) => this.store.hear(event),
      (connection) => this.store.connect(connection),
    );
    document.addEventListener('visibilitychange', this._decide);
    window.addEventListener('online', this._retry);
  }

  /** Follow the server until what is returned is disposed of. */
  look(): IDisposable {
    this._watchers += 1;
    this._decide();
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      this._decide();
    });
  }

  retry(): void {
    this._stream.retry();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    document.removeEventListener('visibilitychange', this._decide);
    window.removeEventListener('online', this._retry);
    clearTimeout(this._timer);
    this._stream.stop();
  }

  private readonly _retry = (): void => this.retry();

  private readonly _decide = (): void => {
    clearTimeout(this._timer);
    if (this._disposed) {
      return;
    }
    if (this._watchers > 0 && !document.hidden) {
      this._stream.start();
      this._stream.retry();
    } else {
      this._timer = setTimeout(() => this._stream.stop(), HIDDEN_FOR_MS);
    }
  };

  private readonly _stream: EventStream;
  private _watchers = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
