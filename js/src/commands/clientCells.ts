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
    const hand = followed(from);
    const source = withLoading(this._tracker, await this.of(model, version));
    const at = hand.end();
    if (at === null) {
      return; // let go before the cell was there
    }
    const data = new MimeData();
    const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [] };
    data.setData(CELLS, [{ ...cell, source }]);
    data.setData(TEXT, source);
    const drag = new Drag({
      mimeData: data,
      dragImage: imageOf(version === undefined ? model : `${model} ${version}`),
      supportedActions: 'copy',
      proposedAction: 'copy',
      source: this,
    });
    await drag.start(at.x, at.y);
    drag.dispose();
  }
}

/** Follows a pointer that is held down; `end` tells where it is, or null if it was let go. */
function followed(from: Place): { readonly end: () => Place | null } {
  let at: Place | null = from;
  const watching = new AbortController();
  const options = { signal: watching.signal, capture: true };
  const follow = (event: PointerEvent): void => {
    at = at && { x: event.clientX, y: event.clientY };
  };
  document.addEventListener('pointermove', follow, options);
  document.addEventListener('pointerup', () => (at = null), options);
  return {
    end: () => {
      watching.abort();
      return at;
    },
  };
}

function imageOf(text: string): HTMLElement {
  const image = document.createElement('div');
  image.className = 'jp-tfs jp-tfs-DragImage';
  image.textContent = text;
  return image;
}
