/** What anywidget hands to a widget, as far as we use it. */

export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: readonly ArrayBuffer[]): void;
  on(event: string, heard: (...told: readonly never[]) => void): void;
  off(event: string, heard: (...told: readonly never[]) => void): void;
}

export interface Shown {
  readonly model: WidgetModel;
  readonly el: HTMLElement;
}

export type Custom = (content: unknown, buffers: readonly DataView[]) => void;
