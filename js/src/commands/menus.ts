/**
 * Menus of a row, of its labels and of the server, made for what they are opened on. Their commands
 * are told no row but take the current one, so that the menu shows the keys that do the same.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { labelsOf, olderOf } from '../store/reading';
import type { Actions } from './actions';
import { PREFIX } from './ids';

const USUAL_LABELS = ['canary', 'stable'];
const MOST_LISTED = 15;

export interface Place {
  readonly x: number;
  readonly y: number;
}

type Entry = readonly [command: string, args: ReadonlyJSONObject] | 'separator';

export class Menus {
  constructor(
    private readonly _commands: CommandRegistry,
    private readonly _actions: Actions,
    private readonly trans: TranslationBundle,
  ) {}

  ofServer(place: Place): void {
    this._open(this.trans.__('Actions for the server'), place, [
      ['serve-directory', {}],
      ['poll', {}],
      'separator',
      ['open-log', {}],
      ['copy-report', {}],
      'separator',
      ['forget', {}],
    ]);
  }

  ofModel(name: string, place: Place): void {
    this._open(this.trans.__('Actions for %1', name), place, [
      ['open-model', {}],
      ['insert-client-cell', {}],
      'separator',
      ['choose-versions', {}],
      ['load-version', {}],
      ['poll', {}],
      'separator',
      ['remove', {}],
    ]);
  }

  ofVersion(name: string, version: number, place: Place): void {
    const args = { model: name, version };
    const state = this._actions.version(name, version)?.state;
    const isLoaded = state === 'AVAILABLE';
    const model = this._actions.model(name);
    const older =
      model && labelsOf(model, version).length > 0 ? olderOf(model, version) : undefined;
    const labels: Entry[] = isLoaded ? [['label-menu', {}]] : [];
    const back: Entry[] = older ? [['roll-back', { ...args, to: older.version }]] : [];
    const isLost = state !== undefined && state !== 'END';
    this._open(this.trans.__('Actions for version %1', version), place, [
      ['open-model', {}],
      ['insert-client-cell', {}],
      ['open-model', { model: name, tab: 'try' }],
      'separator',
      ...labels,
      ...back,
      ...(isLoaded ? (['separator'] as const) : []),
      [isLost ? 'unload' : 'load', {}],
      ['delete-files', args],
      ['remove', {}],
    ]);
  }

  /** Versions that are on disk, to be loaded. */
  ofLoadable(name: string, place: Place): void {
    const versions = this._actions.loadable(name).slice(0, MOST_LISTED);
    this._open(this.trans.__('Load a version of %1', name), place, [
      ...versions.map((version): Entry => ['load-from-disk', { model: name, version }]),
      'separator',
      ['load-by-number', { model: name }],
    ]);
  }

  ofLabels(name: string, version: number, place: Place): void {
    const known = Object.keys(this._actions.model(name)?.labels ?? {});
    const labels = [...new Set([...USUAL_LABELS, ...known])].sort((a, b) => a.localeCompare(b));
    this._open(this.trans.__('Labels of version %1', version), place, [
      ...labels.map((label): Entry => ['toggle-label', { model: name, version, label }]),
      'separator',
      ['new-label', { model: name, version }],
    ]);
  }

  private _open(title: string, place: Place, entries: readonly Entry[]): void {
    const menu = new MenuSvg({ commands: this._commands });
    menu.contentNode.setAttribute('aria-label', title);
    for (const entry of entries) {
      if (entry === 'separator') {
        menu.addItem({ type: 'separator' });
      } else {
        menu.addItem({ command: `${PREFIX}${entry[0]}`, args: entry[1] });
      }
    }
    const back = document.activeElement;
    menu.aboutToClose.connect(() => {
      // The command that was chosen is still to run, so the menu must live a little longer.
      setTimeout(() => {
        menu.dispose();
        if (back instanceof HTMLElement && document.activeElement === document.body) {
          back.focus();
        }
      });
    });
    menu.open(place.x, place.y);
    menu.activeIndex = 0;
  }
}
