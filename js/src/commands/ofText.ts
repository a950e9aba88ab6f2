/** Commands that hand out text: to the clipboard, or as a cell of a notebook. */

import { checked, described, ofText } from './args';
import { modelOf, placeOf, type Doers, type Options } from './doers';
import { reportOf } from './report';

export function textCommands(doers: Doers): Record<string, Options> {
  const { panel, trans, cells, clientCells } = doers;
  return {
    'copy-text': {
      label: trans.__('Copy'),
      describedBy: described({ text: 'string' }, 'text'),
      execute: (args) => cells.copy(checked(ofText, args).text),
    },
    'copy-report': {
      label: trans.__('Copy report'),
      caption: trans.__('Copy the state and the last lines of the log, for a bug report'),
      describedBy: described({}),
      execute: async () => {
        const logs = await panel.client.logs(200);
        cells.copy(reportOf(panel.store.snapshot, logs.lines));
      },
    },
    'insert-cell': {
      label: trans.__('Insert into the notebook'),
      describedBy: described({ text: 'string', magic: 'boolean' }, 'text'),
      execute: (args) => {
        const { text, magic } = checked(ofText, args);
        cells.insert(text, magic ?? false);
      },
    },
    'insert-client-cell': {
      label: trans.__('Insert client cell'),
      caption: trans.__('Insert a cell that asks this model'),
      describedBy: described({ model: 'string', version: 'number' }, 'model'),
      execute: async (args) => {
        const { model, version } = modelOf(doers, args);
        cells.insert(await clientCells.of(model, version), true);
      },
    },
    'drag-client-cell': {
      label: trans.__('Drag a client cell'),
      describedBy: described(
        { model: 'string', version: 'number', x: 'number', y: 'number' },
        'model',
      ),
      execute: (args) => {
        const row = modelOf(doers, args);
        return clientCells.drag(row.model, row.version, placeOf(row));
      },
    },
  };
}
