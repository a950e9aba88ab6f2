/** Holds what is known, and tells when that changes. */

import { Signal, type ISignal } from '@lumino/signaling';
import type { Event } from '../api/events';
import type { Connection } from '../api/stream';
import { apply, withLines } from './apply';
import { NOTHING_KNOWN, type Doing, type Notice, type Snapshot } from './snapshot';
import type { LogLine } from '../api/entries';

const NOTICE_MS = 10_000;
const MOST_NOTICES = 3;

export class Store {
  get snapshot(): Snapshot {
    return this._snapshot;
  }

  get changed(): ISignal<this, Snapshot> {
    return this._changed;
  }

  hear(event: Event): void {
    this._set(apply(this._snapshot, event, Date.now() / 1000));
  }

  connect(connection: Connection): void {
    const { state } = connection;
    const lost = state === 'waiting' || (state === 'connecting' && this._snapshot.lost);
    this._set({ ...this._snapshot, connection, lost });
  }

  addLines(lines: readonly LogLine[]): void {
    this._set({ ...this._snapshot, logs: withLines(this._snapshot.logs, lines) });
  }

  /** Do what somebody asked for; its row says so meanwhile, and a notice says why it failed. */
  async perform(key: string, doing: Doing, work: () => Promise<unknown>): Promise<boolean> {
    this._setPending(key, doing);
    try {
      const note = await work();
      if (typeof note === 'string' && note !== '') {
        this.tell('done', note);
      }
      return true;
    } catch (error) {
      this.tell('failed', error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this._setPending(key, null);
    }
  }

  /** Show a notice; what is done goes by itself, what failed stays until it is closed. */
  tell(kind: Notice['kind'], text: string, undo?: () => void): void {
    const id = this._nextNotice++;
    const notice: Notice = undo ? { id, kind, text, undo } : { id, kind, text };
    const others = this._snapshot.notices.filter(
      (each) => each.text !== text && (each.kind === 'failed' || each.undo),
    );
    this._set({ ...this._snapshot, notices: [...others, notice].slice(-MOST_NOTICES) });
    if (kind === 'done') {
      setTimeout(() => this.close(id), NOTICE_MS);
    }
  }

  close(id: number): void {
    const notices = this._snapshot.notices.filter((each) => each.id !== id);
    this._set({ ...this._snapshot, notices });
  }

  private _setPending(key: string, doing: Doing | null): void {
    const pending = new Map(this._snapshot.pending);
    if (doing) {
      pending.set(key, doing);
    } else {
      pending.delete(key);
    }
    this._set({ ...this._snapshot, pending });
  }

  private _set(snapshot: Snapshot): void {
    this._snapshot = snapshot;
    this._changed.emit(snapshot);
  }

  private _snapshot: Snapshot = NOTHING_KNOWN;
  private _nextNotice = 1;
  private readonly _changed = new Signal<this, Snapshot>(this);
}
