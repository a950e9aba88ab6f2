/** What can be done from a widget, where JupyterLab's commands are not. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { isText } from '../api/guards';
import type { Panel } from '../panel';
import { keyOf, SERVER } from '../store/snapshot';

type Arguments = Readonly<Record<string, unknown>>;

export class Commands {
  constructor(panel: Panel, trans: TranslationBundle) {
    const { client, store } = panel;
    this._all = {
      start: () => void store.perform(SERVER, 'starting', () => client.start()),
      restart: () => void store.perform(SERVER, 'restarting', () => client.restart()),
      load: ({ model, version }) =>
        isText(model) &&
        void store.perform(keyOf(model, Number(version)), 'loading', () =>
          client.load(model, Number(version)),
        ),
      'copy-text': ({ text }) =>
        isText(text) &&
        void navigator.clipboard.writeText(text).then(
          () => store.tell('done', trans.__('Copied: %1', text.split('\n')[0] ?? '')),
          () => store.tell('failed', trans.__('This page may not use the clipboard.')),
        ),
    };
  }

  has(command: string): boolean {
    return command in this._all;
  }

  run(command: string, args: Arguments): void {
    this._all[command]?.(args);
  }

  private readonly _all: Readonly<Record<string, (args: Arguments) => unknown>>;
}
