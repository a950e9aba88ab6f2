/** Commands on models: serve one, open its page, choose its versions, forget it. */

import { InputDialog } from '@jupyterlab/apputils';
import { serverIcon } from '../ui/serverIcon';
import { described } from './args';
import { modelOf, textOf, type Doers, type Options } from './doers';

export function modelCommands(doers: Doers): Record<string, Options> {
  const { trans, actions, chooseDirectory } = doers;
  return {
    'serve-directory': {
      label: trans.__('Serve a directory…'),
      caption: trans.__('Serve the versions in a directory'),
      icon: serverIcon,
      describedBy: described({ path: 'string' }),
      execute: async (args) => {
        const path = typeof args['path'] === 'string' ? args['path'] : await chooseDirectory();
        return path !== null && serve(doers, path);
      },
    },
    'serve-item': {
      label: trans.__('Serve this model'),
      caption: trans.__('Serve the versions in this directory'),
      icon: serverIcon,
      isVisible: () => {
        const path = doers.selectedDirectory();
        return path !== null && doers.isModelDirectory(path);
      },
      describedBy: described({}),
      execute: async () => {
        const path = doers.selectedDirectory();
        return path !== null && serve(doers, path);
      },
    },
    'open-model': {
      label: (args) => (args['tab'] === 'try' ? trans.__('Copy as…') : trans.__('Open')),
      describedBy: described({ model: 'string', version: 'number', tab: 'string' }, 'model'),
      execute: (args) => doers.openModel(modelOf(doers, args).model, textOf(args['tab'])),
    },
    'choose-versions': {
      label: trans.__('Choose versions…'),
      caption: trans.__('Choose which versions of the model are served'),
      describedBy: described({ model: 'string' }, 'model'),
      execute: async (args) => {
        const { model } = modelOf(doers, args);
        const answer = await InputDialog.getText({
          title: trans.__('Versions of %1 to serve', model),
          label: trans.__('latest: 2 for the newest two, all, or numbers like 7, 8'),
          text: (actions.model(model)?.wanted ?? '').replace(/^specific:\s*/, ''),
          required: true,
          okLabel: trans.__('Serve'),
        });
        const versions = answer.button.accept ? answer.value?.trim() : '';
        return versions ? actions.chooseVersions(model, versions.replace(/\s+/g, '')) : false;
      },
    },
    remove: {
      label: (args) => trans.__('Remove %1…', modelOf(doers, args).model),
      describedBy: described({ model: 'string' }, 'model'),
      execute: (args) => actions.remove(modelOf(doers, args).model),
    },
  };
}

/** Ask for a name and serve what is in a directory, or above it if it is a version's. */
async function serve(doers: Doers, path: string): Promise<boolean> {
  const { trans, actions, panel } = doers;
  try {
    await doers.checkDirectory(path);
  } catch (error) {
    panel.store.tell('failed', error instanceof Error ? error.message : String(error));
    doers.show();
    return false;
  }
  const parts = path.split('/').filter((part) => part !== '');
  const isVersion = /^\d+$/.test(parts.at(-1) ?? '') && parts.length > 1;
  const model = isVersion ? parts.slice(0, -1) : parts;
  const usual = (model.at(-1) ?? 'model').replace(/[^A-Za-z0-9_.-]+/g, '-');
  const answer = await InputDialog.getText({
    title: trans.__('Serve %1', model.join('/')),
    label: trans.__('Name of the model'),
    text: usual,
    pattern: '[A-Za-z0-9_.\\-]{1,200}',
    required: true,
    okLabel: trans.__('Serve'),
  });
  const name = answer.button.accept ? answer.value?.trim() : '';
  return name ? actions.serve(name, model.join('/')) : false;
}
