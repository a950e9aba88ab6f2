/** What users set once in JupyterLab's settings; the schema has the words and what is usual. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';
import { isText } from './api/guards';
import type { Choices } from './store/choices';

export class Settings {
  /** Whether the status bar has a line about the model server. */
  get isInStatusBar(): boolean {
    return this._isInStatusBar;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Follow the settings of this extension from now on; without them all is as usual. */
  async follow(registry: ISettingRegistry, id: string, choices: Choices): Promise<void> {
    const settings = await registry.load(id).catch(() => null);
    const look = (): void => {
      this._isInStatusBar = settings?.composite['showInStatusBar'] !== false;
      const range = settings?.composite['metricsRange'];
      if (isText(range)) {
        choices.suppose('metrics range', range);
      }
      this._changed.emit();
    };
    settings?.changed.connect(look);
    look();
  }

  private _isInStatusBar = true;
  private readonly _changed = new Signal<this, void>(this);
}
