/** Commands on versions: load, unload, delete. */

import { InputDialog } from '@jupyterlab/apputils';
import { described } from './args';
import { modelOf, placeOf, versionOf, type Doers, type Options } from './doers';

const ONE = described({ model: 'string', version: 'number' }, 'model', 'version');

export function versionCommands(doers: Doers): Record<string, Options> {
  const { trans, actions, numbers } = doers;
  return {
    load: {
      label: trans.__('Load'),
      describedBy: ONE,
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.load(model, version);
      },
    },
    'load-from-disk': {
      label: (args) => {
        const { model, version } = versionOf(doers, args);
        const bytes = actions.bytesOnDisk(model, version);
        const size = bytes === null ? '' : ` · ${numbers.bytes(bytes)}`;
        return `${trans.__('Version %1', version)}${size}`;
      },
      describedBy: ONE,
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.load(model, version);
      },
    },
    'load-version': {
      label: trans.__('Load a version…'),
      describedBy: described({ model: 'string' }, 'model'),
      execute: (args) => {
        const row = modelOf(doers, args);
        if (actions.loadable(row.model).length === 0) {
          return loadByNumber(doers, row.model);
        }
        doers.menus.ofLoadable(row.model, placeOf(row));
        return true;
      },
    },
    'load-by-number': {
      label: trans.__('Another version…'),
      describedBy: described({ model: 'string' }, 'model'),
      execute: (args) => loadByNumber(doers, modelOf(doers, args).model),
    },
    unload: {
      label: trans.__('Unload'),
      describedBy: ONE,
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.unload(model, version);
      },
    },
    'delete-files': {
      label: trans.__('Delete files…'),
      caption: trans.__('Delete the directory of this version from disk'),
      isEnabled: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.canDelete(model, version);
      },
      describedBy: ONE,
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        const bytes = actions.bytesOnDisk(model, version);
        return actions.deleteFiles(model, version, bytes === null ? '' : numbers.bytes(bytes));
      },
    },
  };
}

async function loadByNumber({ trans, actions }: Doers, model: string): Promise<boolean> {
  const answer = await InputDialog.getText({
    title: trans.__('Load a version of %1', model),
    label: trans.__('Version, as its directory is named'),
    pattern: '[0-9]{1,15}',
    required: true,
    okLabel: trans.__('Load'),
  });
  const version = answer.button.accept ? answer.value?.trim() : '';
  return version ? actions.load(model, Number(version)) : false;
}
