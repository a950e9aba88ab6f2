import type { Custom, WidgetModel } from '../src/widgets/model';

type Heard = (...told: readonly never[]) => void;
export interface Sent {
  readonly kind: string;
  readonly ask?: string;
  readonly path?: string;
  readonly [field: string]: unknown;
}

/** A widget whose kernel is the test: it sees what is sent, and says what it likes. */
export class FakeModel implements WidgetModel {
  readonly sent: Sent[] = [];
  readonly listeners = new Map<string, Set<Heard>>();

  constructor(private readonly _traits: Readonly<Record<string, unknown>> = {}) {}

  get(name: string): unknown {
    return this._traits[name];
  }

  set(): void {
    throw new Error('Nothing here sets a trait');
  }

  save_changes(): void {
    throw new Error('Nothing here sets a trait');
  }

  send(content: unknown): void {
    this.sent.push(content as Sent);
  }

  on(event: string, heard: Heard): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(heard));
  }

  off(event: string, heard: Heard): void {
    this.listeners.get(event)?.delete(heard);
  }

  /** As the kernel: say something to all who listen. */
  say(content: unknown, text?: string): void {
    const bytes = new TextEncoder().encode(text ?? '');
    const buffers = text === undefined ? [] : [new DataView(bytes.buffer)];
    this.listeners.get('msg:custom')?.forEach((heard) => (heard as Custom)(content, buffers));
  }

  get isListenedTo(): boolean {
    return [...this.listeners.values()].some((each) => each.size > 0);
  }

  /** What was asked last. */
  get last(): Sent {
    const last = this.sent.filter(({ kind }) => kind === 'ask').at(-1);
    if (!last) {
      throw new Error('Nothing was asked');
    }
    return last;
  }
}

/** Wait for what happens in turns of the event loop, and not for time. */
export async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
