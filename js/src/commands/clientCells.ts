/** Cells that ask a model: inserted, or dragged into a notebook from a row or a title. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { signaturesOf } from '../api/signatures';
import type { Panel } from '../panel';
import { clientCell } from './clientCell';
import type { Place } from './menus';
import { withLoading } from './notebook';

const CELLS = 'application/vnd.jupyter.cells';
const TEXT = 'text/plain';

export class ClientCells {
  constructor(
    private readonly _panel: Panel,
    private readonly _tracker: INotebookTracker | null,
  ) {}

  /** A cell that asks this version, or else the newest, with an example that it takes. */
  async of(model: string, version?: number): Promise<string> {
    const found = this._panel.store.snapshot.models.find((each) => each.name === model);
    const loaded = (found?.versions ?? [])
      .filter(({ state }) => state === 'AVAILABLE')
      .map((each) => each.version);
    const asked = version !== undefined && loaded.includes(version) ? version : Math.max(...loaded);
    const path = `v1/models/${encodeURIComponent(model)}/versions/${asked}/metadata`;
    const signatures = loaded.length
      ? await this._panel.client.asked(path).then(signaturesOf, () => null)
      : null;
    return clientCell(model, version, signatures ?? []);
  }

  /** Drag such a cell from here; where it is dropped, the notebook makes a cell of it. */
  async drag(model: string, version: number | undefined, from: Place): Promise<void> {
    const data = new MimeData();
    const set = (source: string): void => {
      const text = withLoading(this._tracker, source);
      const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [] };
      data.setData(CELLS, [{ ...cell, source: text }]);
      data.setData(TEXT, text);
    };
    set(clientCell(model, version, []));
    const drag = new Drag({
      mimeData: data,
      dragImage: imageOf(version === undefined ? model : `${model} ${version}`),
      supportedActions: 'copy',
      proposedAction: 'copy',
      source: this,
    });
    void this.of(model, version).then(set); // it is there before anybody can let go
    await drag.start(from.x, from.y);
    drag.dispose();
  }
}

function imageOf(text: string): HTMLElement {
  const image = document.createElement('div');
  image.className = 'jp-tfs jp-tfs-DragImage';
  image.textContent = text;
  return image;
}
