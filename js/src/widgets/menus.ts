/** Menus of a row and of the server, of what can be done without JupyterLab. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Actions } from '../commands/actions';
import type { ServerActions } from '../commands/serverActions';
import { labelsOf, olderOf } from '../store/reading';
import { popup, type Item } from './popup';

const USUAL_LABELS = ['canary', 'stable'];
const MOST_LISTED = 15;

export class Menus {
  constructor(
    private readonly _actions: Actions,
    private readonly _server: ServerActions,
    private readonly trans: TranslationBundle,
  ) {}

  ofServer(x: number, y: number): void {
    const { trans } = this;
    popup(trans.__('Actions for the server'), x, y, [
      { label: trans.__('Look for new versions now'), choose: () => void this._server.poll() },
      { label: trans.__('Stop and forget all models…'), choose: () => void this._server.forget() },
    ]);
  }

  ofModel(name: string, x: number, y: number): void {
    const { trans } = this;
    const versions = this._actions.loadable(name).slice(0, MOST_LISTED);
    popup(trans.__('Actions for %1', name), x, y, [
      ...versions.map((version) => ({
        label: trans.__('Load version %1', version),
        choose: () => void this._actions.load(name, version),
      })),
      { label: trans.__('Look for new versions now'), choose: () => void this._server.poll() },
      this._removing(name),
    ]);
  }

  ofVersion(name: string, version: number, x: number, y: number): void {
    const { trans } = this;
    const model = this._actions.model(name);
    const state = this._actions.version(name, version)?.state;
    const older =
      model && labelsOf(model, version).length > 0 ? olderOf(model, version) : undefined;
    const back = older?.version;
    const load = { label: trans.__('Load'), choose: () => void this._actions.load(name, version) };
    const unload = {
      label: trans.__('Unload'),
      choose: () => void this._actions.unload(name, version),
    };
    popup(trans.__('Actions for version %1', version), x, y, [
      ...(state === 'AVAILABLE' ? this._labels(name, version) : []),
      ...(back === undefined
        ? []
        : [
            {
              label: trans.__('Roll back to %1', back),
              choose: () => void this._actions.moveLabels(name, version, back),
            },
          ]),
      state === undefined || state === 'END' ? load : unload,
      this._removing(name),
    ]);
  }

  private _labels(name: string, version: number): readonly Item[] {
    const { trans } = this;
    const at = this._actions.model(name)?.labels ?? {};
    const labels = [...new Set([...USUAL_LABELS, ...Object.keys(at)])];
    labels.sort((a, b) => a.localeCompare(b));
    return labels.map((label) => {
      const isOn = at[label] === version;
      const now = at[label];
      const where = now === undefined || isOn ? '' : ` ${trans.__('(now on %1)', now)}`;
      return {
        label: `${trans.__('Label %1', label)}${where}`,
        isOn,
        choose: () => void this._actions.setLabel(name, label, isOn ? null : version),
      };
    });
  }

  private _removing(name: string): Item {
    return {
      label: this.trans.__('Remove %1…', name),
      choose: () => void this._actions.remove(name),
    };
  }
}
