/** What can be done from a widget, where JupyterLab's commands are not. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Actions } from '../commands/actions';
import { anywhere, ofLabel, ofModel, ofStart, ofText, ofVersion } from '../commands/args';
import { ServerActions } from '../commands/serverActions';
import { isNumber } from '../api/guards';
import type { Numbers } from '../format/numbers';
import type { Panel } from '../panel';
import { Menus } from './menus';
import { Questions } from './questions';

type Arguments = Readonly<Record<string, unknown>>;
type Command = (args: Arguments) => unknown;

export class Commands {
  constructor(
    private readonly _panel: Panel,
    private readonly trans: TranslationBundle,
    numbers: Numbers,
  ) {
    const questions = new Questions(trans);
    const server = new ServerActions(_panel, trans, questions);
    const actions = new Actions(_panel, trans, numbers, questions);
    const menus = new Menus(actions, server, trans);
    this._all = {
      start: (args) => ofStart(args) && server.start(args.anyPort ?? false),
      stop: () => server.stop(),
      restart: () => server.restart(),
      load: (args) => ofVersion(args) && actions.load(args.model, args.version),
      unload: (args) => ofVersion(args) && actions.unload(args.model, args.version),
      'set-label': (args) =>
        ofLabel(args) && actions.setLabel(args.model, args.label, args.version),
      'roll-back': (args) =>
        ofVersion(args) &&
        isNumber((args as Arguments)['to']) &&
        actions.moveLabels(args.model, args.version, Number((args as Arguments)['to'])),
      'server-menu': (args) => anywhere(args) && menus.ofServer(args.x ?? 0, args.y ?? 0),
      'row-menu': (args) => ofModel(args) && openOf(menus, args),
      'copy-text': (args) => ofText(args) && this._copy(args.text),
    };
  }

  has(command: string): boolean {
    return command in this._all;
  }

  run(command: string, args: Arguments): void {
    void this._all[command]?.(args);
  }

  private _copy(text: string): void {
    const { store } = this._panel;
    const { trans } = this;
    const fail = (): void =>
      store.tell('failed', trans.__('This page may not use the clipboard. Mark the text instead.'));
    const { clipboard } = navigator as { readonly clipboard?: Clipboard }; // not where it is insecure
    if (!clipboard) {
      fail();
      return;
    }
    clipboard
      .writeText(text)
      .then(() => store.tell('done', trans.__('Copied: %1', text.split('\n')[0] ?? '')), fail);
  }

  private readonly _all: Readonly<Record<string, Command>>;
}

interface Row {
  readonly model: string;
  readonly version?: number | undefined;
  readonly x?: number | undefined;
  readonly y?: number | undefined;
}

function openOf(menus: Menus, { model, version, x = 0, y = 0 }: Row): void {
  if (version === undefined) {
    menus.ofModel(model, x, y);
  } else {
    menus.ofVersion(model, version, x, y);
  }
}
