/** All commands, as people, menus, shortcuts and settings find them. */

import { InputDialog } from '@jupyterlab/apputils';
import { refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Panel, Row } from '../panel';
import { serverIcon } from '../ui/serverIcon';
import type { Actions } from './actions';
import { anywhere, checked, described, ofLabel, ofModel, ofStart, ofText, ofVersion } from './args';
import { CATEGORY, PREFIX } from './ids';
import type { Menus, Place } from './menus';
import type { Cells } from './notebook';
import { reportOf } from './report';

export interface Doers {
  readonly commands: CommandRegistry;
  readonly panel: Panel;
  readonly trans: TranslationBundle;
  readonly actions: Actions;
  readonly menus: Menus;
  readonly cells: Cells;
  readonly show: () => void;
  readonly openModel: (model: string, version?: number) => void;
  readonly openLog: () => void;
  readonly selectedDirectory: () => string | null;
  readonly chooseDirectory: () => Promise<string | null>;
}

type Options = CommandRegistry.ICommandOptions;
type Arguments = ReadonlyPartialJSONObject;

export function register(doers: Doers): IDisposable {
  const { commands } = doers;
  const all: Record<string, Options> = {
    ...serverCommands(doers),
    ...modelCommands(doers),
    ...labelCommands(doers),
    ...menuCommands(doers),
    ...textCommands(doers),
  };
  return DisposableSet.from(
    Object.entries(all).map(([name, options]) => commands.addCommand(`${PREFIX}${name}`, options)),
  );
}

function serverCommands({ panel, trans, actions, show, openLog }: Doers): Record<string, Options> {
  const state = (): string | undefined => panel.store.snapshot.server?.state;
  const isUp = (): boolean => state() !== 'stopped' && state() !== 'failed';
  return {
    show: {
      label: (args) =>
        args['isPalette'] ? trans.__('Show the model server') : trans.__('Model server'),
      caption: trans.__('Show what is served, and how it is'),
      icon: serverIcon,
      describedBy: described({ isPalette: 'boolean' }),
      execute: () => show(),
    },
    start: {
      label: trans.__('Start server'),
      caption: trans.__('Start the model server with all its models'),
      icon: runIcon,
      isEnabled: () => !isUp() || state() === undefined,
      describedBy: described({ anyPort: 'boolean' }),
      execute: (args) => actions.start(checked(ofStart, args).anyPort ?? false),
    },
    stop: {
      label: trans.__('Stop server'),
      caption: trans.__('Stop the model server; its models stay listed'),
      icon: stopIcon,
      isEnabled: isUp,
      describedBy: described({}),
      execute: () => actions.stop(),
    },
    restart: {
      label: trans.__('Restart server'),
      caption: trans.__('Stop the model server and start it again'),
      icon: refreshIcon,
      isEnabled: isUp,
      describedBy: described({}),
      execute: () => actions.restart(),
    },
    forget: {
      label: trans.__('Stop and forget all models…'),
      isEnabled: () => panel.store.snapshot.models.length > 0,
      describedBy: described({}),
      execute: () => actions.forget(),
    },
    poll: {
      label: trans.__('Look for new versions now'),
      isEnabled: () => state() === 'running',
      describedBy: described({}),
      execute: () => actions.poll(),
    },
    'open-log': {
      label: trans.__('Open log'),
      caption: trans.__('Show the log of the model server'),
      describedBy: described({}),
      execute: () => openLog(),
    },
  };
}

function modelCommands(doers: Doers): Record<string, Options> {
  const { trans, actions, openModel, chooseDirectory } = doers;
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
      isVisible: () => doers.selectedDirectory() !== null,
      describedBy: described({}),
      execute: async () => {
        const path = doers.selectedDirectory();
        return path !== null && serve(doers, path);
      },
    },
    'open-model': {
      label: trans.__('Open'),
      describedBy: described({ model: 'string', version: 'number' }, 'model'),
      execute: (args) => {
        const { model, version } = modelOf(doers, args);
        openModel(model, version);
      },
    },
    load: {
      label: trans.__('Load'),
      describedBy: described({ model: 'string', version: 'number' }, 'model', 'version'),
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.load(model, version);
      },
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
    'load-version': {
      label: trans.__('Load a version…'),
      describedBy: described({ model: 'string' }, 'model'),
      execute: async (args) => {
        const { model } = modelOf(doers, args);
        const answer = await InputDialog.getText({
          title: trans.__('Load a version of %1', model),
          label: trans.__('Version, as its directory is named'),
          pattern: '[0-9]{1,15}',
          required: true,
          okLabel: trans.__('Load'),
        });
        const version = answer.button.accept ? answer.value?.trim() : '';
        return version ? actions.load(model, Number(version)) : false;
      },
    },
    unload: {
      label: trans.__('Unload'),
      describedBy: described({ model: 'string', version: 'number' }, 'model', 'version'),
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        return actions.unload(model, version);
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
async function serve({ trans, actions }: Doers, path: string): Promise<boolean> {
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

function labelCommands(doers: Doers): Record<string, Options> {
  const { trans, actions } = doers;
  const arguments_ = described(
    { model: 'string', version: 'number', label: 'string' },
    'model',
    'version',
    'label',
  );
  return {
    'set-label': {
      label: (args) => trans.__('Set label %1', textOf(args['label'])),
      describedBy: arguments_,
      execute: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        return actions.setLabel(model, label, version);
      },
    },
    'toggle-label': {
      label: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        const at = actions.model(model)?.labels[label];
        return at === undefined || at === version ? label : trans.__('%1 (now on %2)', label, at);
      },
      isToggleable: true,
      isToggled: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        return actions.model(model)?.labels[label] === version;
      },
      describedBy: arguments_,
      execute: (args) => {
        const { model, version, label } = checked(ofLabel, args);
        const at = actions.model(model)?.labels[label];
        return actions.setLabel(model, label, at === version ? null : version);
      },
    },
    'new-label': {
      label: trans.__('New label…'),
      describedBy: described({ model: 'string', version: 'number' }, 'model', 'version'),
      execute: async (args) => {
        const { model, version } = versionOf(doers, args);
        const answer = await InputDialog.getText({
          title: trans.__('New label for version %1 of %2', version, model),
          label: trans.__('Label'),
          pattern: '[^\\s/]+',
          required: true,
          okLabel: trans.__('Set'),
        });
        const label = answer.button.accept ? answer.value?.trim() : '';
        return label ? actions.setLabel(model, label, version) : false;
      },
    },
    'roll-back': {
      label: (args) => trans.__('Roll back to %1', textOf(args['to'])),
      describedBy: described(
        { model: 'string', version: 'number', to: 'number' },
        'model',
        'version',
        'to',
      ),
      execute: (args) => {
        const { model, version } = versionOf(doers, args);
        const to = args['to'];
        return typeof to === 'number' && actions.moveLabels(model, version, to);
      },
    },
  };
}

function menuCommands(doers: Doers): Record<string, Options> {
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

function textCommands(doers: Doers): Record<string, Options> {
  const { panel, trans, cells } = doers;
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
      execute: (args) => {
        const { model, version } = modelOf(doers, args);
        const which = version === undefined ? '' : ` --version ${version}`;
        cells.insert(`%tfs_predict ${model} X[:3]${which}`, true);
      },
    },
  };
}

/** The row that a command is about: the one it is told, or the one that has the focus in the tree. */
function modelOf({ panel }: Doers, args: Arguments): Row {
  return ofModel(args) ? args : panel.currentRow;
}

function versionOf(doers: Doers, args: Arguments): Row & { readonly version: number } {
  return checked(ofVersion, modelOf(doers, args));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function placeOf({ x, y }: Partial<Row>): Place {
  return { x: x ?? 0, y: y ?? 0 };
}

export const categoryOf = (trans: TranslationBundle): string => trans.__(CATEGORY);
