/**
 * Shows outputs of our magics in JupyterLab and Notebook 7: by the server, not by the kernel, so that
 * they are live after a restart, a reload, and while a cell runs.
 */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { ToolsProvider, type Tools } from '../ui/tools';
import { Output } from './Output';
import { isSpec, MIME_TYPE, type PanelSpec } from './spec';

const BEFORE_WIDGETS = -20; // ipywidgets' views, which need the kernel, have -10
const KEYS_OF_OURS = ['Enter', 'z', 'y'];

class OutputWidget extends ReactWidget implements IRenderMime.IRenderer {
  constructor(private readonly _tools: Tools) {
    super();
    this.addClass('jp-tfs-Rendered');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[MIME_TYPE];
    this._spec = isSpec(data) ? data : null;
    this.update();
    return this.renderPromise ?? Promise.resolve();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    window.addEventListener('keydown', this._keep, true);
  }

  protected override onBeforeDetach(message: Message): void {
    window.removeEventListener('keydown', this._keep, true);
    super.onBeforeDetach(message);
  }

  protected render(): React.ReactElement {
    const { trans } = this._tools;
    return (
      <ToolsProvider value={this._tools}>
        {this._spec ? (
          <Output spec={this._spec} />
        ) : (
          <p className="jp-tfs">{trans.__('This output is of a newer version of tfs-magics.')}</p>
        )}
      </ToolsProvider>
    );
  }

  /**
   * Keys in an output are not the notebook's: D twice on a button would delete the cell. Those with
   * Ctrl stay its own, like saving, but for those that mean something in a form or on a canvas. The
   * notebook looks at what has the focus before it looks at what is around that.
   */
  private readonly _keep = (event: KeyboardEvent): void => {
    const { target } = event;
    if (target instanceof Element && this.node.contains(target)) {
      const isOurs = !(event.ctrlKey || event.metaKey) || KEYS_OF_OURS.includes(event.key);
      target.toggleAttribute('data-lm-suppress-shortcuts', isOurs);
    }
  };

  private _spec: PanelSpec | null = null;
}

/** What makes them; nothing in such an output runs by itself, so it is shown untrusted too. */
export function rendererFactory(tools: Tools): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [MIME_TYPE],
    defaultRank: BEFORE_WIDGETS,
    createRenderer: () => new OutputWidget(tools),
  };
}
