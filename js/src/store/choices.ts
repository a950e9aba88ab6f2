/** What people chose in the views, like a tab or a range: kept, where there is a place for it. */

import { Signal, type ISignal } from '@lumino/signaling';

export type Chosen = Readonly<Record<string, string>>;

export class Choices {
  get changed(): ISignal<this, Chosen> {
    return this._changed;
  }

  get(key: string): string | undefined {
    return this._chosen[key] ?? this._supposed[key];
  }

  set(key: string, value: string): void {
    if (this._chosen[key] !== value) {
      this._chosen = { ...this._chosen, [key]: value };
      this._changed.emit(this._chosen);
    }
  }

  /** Take a value that holds until another is chosen; it is not kept. */
  suppose(key: string, value: string): void {
    this._supposed = { ...this._supposed, [key]: value };
    this._changed.emit(this._chosen);
  }

  /** Take what was kept; what was chosen since then wins. */
  restore(kept: Chosen): void {
    this._chosen = { ...kept, ...this._chosen };
    this._changed.emit(this._chosen);
  }

  private _chosen: Chosen = {};
  private _supposed: Chosen = {};
  private readonly _changed = new Signal<this, Chosen>(this);
}
