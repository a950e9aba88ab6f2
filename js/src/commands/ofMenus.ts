/** Commands that open a menu. */

import { anywhere, checked, described } from './args';
import { modelOf, placeOf, versionOf, type Doers, type Options } from './doers';

export function menuCommands(doers: Doers): Record<string, Options> {
  const { trans, menus } = doers;
  return {
    'server-menu': {
      label: trans.__('Actions for the server'),
      describedBy: described({ x: 'number', y: 'number' }),
      execute: (args) => menus.ofServer(placeOf(checked(anywhere, args))),
    },
    'row-menu': {
      label: trans.__('Actions'),
      describedBy: described(
        { model: 'string', version: 'number', x: 'number', y: 'number' },
        'model',
      ),
      execute: (args) => {
        const row = modelOf(doers, args);
        if (row.version === undefined) {
          menus.ofModel(row.model, placeOf(row));
        } else {
          menus.ofVersion(row.model, row.version, placeOf(row));
        }
      },
    },
    'label-menu': {
      label: trans.__('Set label…'),
      describedBy: described(
        { model: 'string', version: 'number', x: 'number', y: 'number' },
        'model',
        'version',
      ),
      execute: (args) => {
        const row = versionOf(doers, args);
        menus.ofLabels(row.model, row.version, placeOf(row));
      },
    },
  };
}
