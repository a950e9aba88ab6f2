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
    const notebook = this._tracker?.currentWidget?.content;
    if (!notebook?.model) {
      this.copy(source);
      return;
    }
    const sources = [...notebook.model.cells].map((cell) => cell.sharedModel.getSource());
    const loads = sources.some((each) => each.includes(LOAD));
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(
      isMagic && !loads ? `${LOAD}\n${source}` : source,
    );
    notebook.activate();
  }

  copy(text: string): void {
    Clipboard.copyToSystem(text);
    this._panel.store.tell('done', this.trans.__('Copied: %1', text.split('\n')[0] ?? ''));
  }
}
