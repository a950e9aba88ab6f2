/** Puts cells into the notebook that is open; where there is none, on the clipboard. */

import { Clipboard } from '@jupyterlab/apputils';
import { NotebookActions, type INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Panel } from '../panel';

const LOAD = '%load_ext tfs_magics';

export class Cells {
  constructor(
    private readonly _panel: Panel,
    private readonly _tracker: INotebookTracker | null,
    private readonly trans: TranslationBundle,
  ) {}

  /** `isMagic`: loads our magics first, unless the notebook does already. */
  insert(source: string, isMagic: boolean): void {
    const text = isMagic ? withLoading(this._tracker, source) : source;
    const notebook = this._tracker?.currentWidget?.content;
    if (!notebook?.model) {
      this.copy(text);
      return;
    }
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(text);
    notebook.activate();
  }

  copy(text: string): void {
    Clipboard.copyToSystem(text);
    this._panel.store.tell('done', this.trans.__('Copied: %1', text.split('\n')[0] ?? ''));
  }
}

/** A cell that loads our magics first, unless the notebook that is open does already. */
export function withLoading(tracker: INotebookTracker | null, source: string): string {
  const model = tracker?.currentWidget?.content.model;
  const sources = [...(model?.cells ?? [])].map((cell) => cell.sharedModel.getSource());
  return sources.some((each) => each.includes(LOAD)) ? source : `${LOAD}\n${source}`;
}
