/**
 * Asks while somebody still draws: one request at a time, not too often, and what was wished for
 * last is asked when the one before is answered.
 */

const LEAST_BETWEEN_MS = 66;

export interface Clock {
  readonly now: () => number;
  /** Do it after that time; answers how to call it off. */
  readonly after: (ms: number, work: () => void) => () => void;
}

export class Asker<Wish> {
  constructor(
    private readonly _ask: (wish: Wish) => Promise<void>,
    private readonly _clock: Clock,
  ) {}

  /** Ask as soon as it may be; an older wish that has not been asked yet is forgotten. */
  wish(wish: Wish): void {
    this._next = { wish };
    this._go();
  }

  /** Forget what has not been asked yet. */
  stop(): void {
    this._next = null;
    this._callOff?.();
    this._callOff = null;
  }

  private _go(): void {
    if (this._isBusy || this._callOff || !this._next) {
      return;
    }
    const wait = this._began + LEAST_BETWEEN_MS - this._clock.now();
    if (wait > 0) {
      this._callOff = this._clock.after(wait, () => {
        this._callOff = null;
        this._go();
      });
      return;
    }
    const { wish } = this._next;
    this._next = null;
    this._isBusy = true;
    this._began = this._clock.now();
    void this._ask(wish).finally(() => {
      this._isBusy = false;
      this._go();
    });
  }

  private _next: { readonly wish: Wish } | null = null;
  private _isBusy = false;
  private _began = -Infinity;
  private _callOff: (() => void) | null = null;
}
