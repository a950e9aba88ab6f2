/** A view of ours in the main area: it follows the server while it is shown. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { ToolsProvider, type Tools } from '../ui/tools';

export type View = (isShown: boolean) => React.JSX.Element;

export class PageWidget extends ReactWidget {
  constructor(
    private readonly _tools: Tools,
    private readonly _view: View,
  ) {
    super();
    this.addClass('jp-tfs');
    this.addClass('jp-tfs-Page');
  }

  override dispose(): void {
    this._look?.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._look ??= this._tools.panel.look();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look ??= this._tools.panel.look();
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look?.dispose();
    this._look = null;
    this.update();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const places = ['[aria-selected="true"]', 'input', 'button'];
    const found = places.map((place) => this.node.querySelector<HTMLElement>(place));
    found.find((each) => each !== null)?.focus();
  }

  protected render(): React.ReactElement {
    return <ToolsProvider value={this._tools}>{this._view(this._look !== null)}</ToolsProvider>;
  }

  private _look: IDisposable | null = null;
}
