/** The sidebar as a widget of JupyterLab; it follows the server while it is shown. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { isYesNo, dictOf } from '../api/guards';
import { ToolsProvider, type Tools } from '../ui/tools';
import { Sidebar, type Choices } from './Sidebar';

const CHOICES = 'tfs-magics:sidebar';
const areChoices = dictOf(isYesNo);

export class SidebarWidget extends ReactWidget {
  constructor(
    private readonly _tools: Tools,
    private readonly _state: IStateDB | null,
  ) {
    super();
    this.addClass('jp-tfs');
    this.addClass('jp-tfs-Sidebar');
    void this._restore();
  }

  override dispose(): void {
    this._look?.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look ??= this._tools.panel.look();
    this._tools.panel.isSidebarShown = true;
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look?.dispose();
    this._look = null;
    this._tools.panel.isSidebarShown = false;
    this.update();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._look ??= this._tools.panel.look();
      this._tools.panel.isSidebarShown = true;
    }
  }

  protected render(): React.ReactElement | null {
    return (
      <ToolsProvider value={this._tools}>
        <Sidebar
          isShown={this._look !== null}
          choices={this._choices}
          onChoices={(choices) => this._choose(choices)}
        />
      </ToolsProvider>
    );
  }

  private _choose(choices: Choices): void {
    this._choices = choices;
    this.update();
    void this._state?.save(CHOICES, { ...choices });
  }

  private async _restore(): Promise<void> {
    const saved = await this._state?.fetch(CHOICES);
    if (areChoices(saved)) {
      this._choices = saved;
      this.update();
    }
  }

  private _choices: Choices = {};
  private _look: IDisposable | null = null;
}
