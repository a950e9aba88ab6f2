/** What the panel uses of Lumino, where JupyterLab does not bring it: the same, for one page. */

type Slot<T, U> = (sender: T, args: U) => void;

export class Signal<T, U> {
  constructor(readonly sender: T) {}

  connect(slot: Slot<T, U>): boolean {
    const isNew = !this._slots.has(slot);
    this._slots.add(slot);
    return isNew;
  }

  disconnect(slot: Slot<T, U>): boolean {
    return this._slots.delete(slot);
  }

  emit(args: U): void {
    for (const slot of [...this._slots]) {
      slot(this.sender, args);
    }
  }

  private readonly _slots = new Set<Slot<T, U>>();
}

export class DisposableDelegate {
  constructor(private _callback: (() => void) | null) {}

  get isDisposed(): boolean {
    return this._callback === null;
  }

  dispose(): void {
    const callback = this._callback;
    this._callback = null;
    callback?.();
  }
}
