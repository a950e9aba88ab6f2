/** What JupyterLab and Notebook 7 load: one plugin, which uses what the application has. */

import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { LabTransport } from './api/labTransport';
import { checked, described, ofPage } from './commands/args';
import { Actions } from './commands/actions';
import { ClientCells } from './commands/clientCells';
import { categoryOf, register } from './commands/register';
import { PREFIX, SHOWN_IN_PALETTE } from './commands/ids';
import { lookWhenMenuOpens } from './commands/lookWhenMenuOpens';
import { Menus } from './commands/menus';
import { ModelFiles } from './commands/modelFiles';
import { Cells } from './commands/notebook';
import { Questions } from './commands/questions';
import { addToRunning } from './commands/running';
import { ServerActions } from './commands/serverActions';
import { Numbers } from './format/numbers';
import { rendererFactory } from './output/renderer';
import { Logs } from './page/Logs';
import { ModelPage } from './page/ModelPage';
import { PageWidget, type View } from './page/widget';
import { widen } from './page/widen';
import { Panel } from './panel';
import { tellIfMissing } from './sidebar/tellIfMissing';
import { SidebarWidget } from './sidebar/widget';
import { keepChoices } from './keepChoices';
import { Settings } from './settings';
import { StatusItem } from './ui/StatusItem';
import { serverIcon } from './ui/serverIcon';
import type { Tools } from './ui/tools';

const ID = 'tfs-magics:plugin';
const DOMAIN = 'tfs_magics';
const RANK = 650;
const LOG = 'tfs-magics-log';
const MODEL = 'tfs-magics-model-';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows and steers the model server next to your notebook',
  autoStart: true,
  optional: [
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    IDocumentManager,
    IFileBrowserFactory,
    ILauncher,
    INotebookTracker,
    IRenderMimeRegistry,
    IRunningSessionManagers,
    ISettingRegistry,
    IStateDB,
    IStatusBar,
    ITranslator,
  ],
  activate,
};

function activate(
  app: JupyterFrontEnd,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  documents: IDocumentManager | null,
  files: IFileBrowserFactory | null,
  launcher: ILauncher | null,
  notebooks: INotebookTracker | null,
  outputs: IRenderMimeRegistry | null,
  running: IRunningSessionManagers | null,
  registry: ISettingRegistry | null,
  state: IStateDB | null,
  statusBar: IStatusBar | null,
  translator: ITranslator | null,
): void {
  const trans = (translator ?? nullTranslator).load(DOMAIN);
  const settings = new Settings();
  const panel = new Panel(new LabTransport(app.serviceManager.serverSettings));
  panel.isShortcut = (key, at) =>
    app.commands.keyBindings.some(
      ({ command, keys, selector }) =>
        command.startsWith(PREFIX) &&
        keys.length === 1 &&
        keys[0]?.toLowerCase() === key.toLowerCase() &&
        at.matches(selector),
    );
  const tools: Tools = {
    panel,
    trans,
    numbers: new Numbers(localeOf(translator)),
    run: (command, args = {}) => void app.commands.execute(`${PREFIX}${command}`, args),
    has: (command) => app.commands.hasCommand(`${PREFIX}${command}`),
  };

  outputs?.addFactory(rendererFactory(tools));
  const sidebar = new SidebarWidget(tools, state);
  sidebar.id = 'tfs-magics-sidebar';
  sidebar.title.icon = serverIcon;
  sidebar.title.caption = trans.__('Model server');
  sidebar.node.setAttribute('role', 'region');
  sidebar.node.setAttribute('aria-label', trans.__('Model server'));
  app.shell.add(sidebar, 'left', { rank: RANK, type: 'Model Server' });
  restorer?.add(sidebar, sidebar.id);

  const pages = new WidgetTracker<MainAreaWidget<PageWidget>>({ namespace: 'tfs-magics' });
  const open = (id: string, title: string, view: View): void => {
    const found = pages.find((page) => page.id === id);
    const page = found ?? new MainAreaWidget({ content: new PageWidget(tools, view) });
    if (!found) {
      page.id = id;
      page.title.label = title;
      page.title.icon = serverIcon;
      page.title.closable = true;
      app.shell.add(page, labShell ? 'main' : 'right'); // Notebook 7 has one page in its main area
      void pages.add(page);
    }
    app.shell.activateById(page.id);
    if (!found && !labShell) {
      widen(page);
    }
  };
  const openModel = (model: string, tab?: string): void => {
    if (tab) {
      panel.choices.set(`tab ${model}`, tab);
    }
    open(`${MODEL}${model}`, model, (isShown) =>
      React.createElement(ModelPage, { name: model, isShown }),
    );
  };

  const openLog = (): void => {
    open(LOG, trans.__('Model server log'), (isShown) => React.createElement(Logs, { isShown }));
  };
  app.commands.addCommand(`${PREFIX}restore`, {
    describedBy: described({ id: 'string' }, 'id'),
    execute: (args) => {
      const { id } = checked(ofPage, args);
      if (id === LOG) {
        openLog();
      } else {
        openModel(id.slice(MODEL.length));
      }
    },
  });

  const selectedDirectory = (): string | null => {
    const [item] = files?.tracker.currentWidget?.selectedItems() ?? [];
    return item?.type === 'directory' ? item.path : null;
  };
  const questions = new Questions(trans);
  const server = new ServerActions(panel, trans, questions);
  const actions = new Actions(panel, trans, tools.numbers, questions);
  const modelFiles = new ModelFiles(app.serviceManager.contents, trans);
  register({
    commands: app.commands,
    panel,
    trans,
    numbers: tools.numbers,
    server,
    actions,
    menus: new Menus(app.commands, actions, trans),
    cells: new Cells(panel, notebooks, trans),
    clientCells: new ClientCells(panel, notebooks),
    show: () => app.shell.activateById(sidebar.id),
    openModel,
    openLog,
    selectedDirectory,
    chooseDirectory: () => chooseDirectory(documents, trans),
    checkDirectory: (path) => modelFiles.check(path),
    isModelDirectory: (path) => modelFiles.isKnown(path),
  });
  lookWhenMenuOpens(app, modelFiles, selectedDirectory);
  keepChoices(panel.choices, state);
  launcher?.add({ command: `${PREFIX}show`, category: trans.__('Other'), rank: 10 });
  if (running) {
    addToRunning(running, panel, server, trans, () => tools.run('show'));
  }
  for (const command of SHOWN_IN_PALETTE) {
    palette?.addItem({
      command: `${PREFIX}${command}`,
      category: categoryOf(trans),
      args: { isPalette: true },
    });
  }
  void restorer?.restore(pages, {
    command: `${PREFIX}restore`,
    args: (page) => ({ id: page.id }),
    name: (page) => page.id,
  });
  if (statusBar) {
    statusBar.registerStatusItem('tfs-magics:status', {
      item: new StatusItem(tools),
      align: 'left',
      rank: 10,
      isActive: () => settings.isInStatusBar,
      activeStateChanged: settings.changed,
    });
  }
  if (statusBar || running) {
    panel.look();
  }
  tellIfMissing(panel.store, trans, (text) => tools.run('copy-text', { text }));
  if (registry) {
    void settings.follow(registry, ID, panel.choices);
  }
}

async function chooseDirectory(
  manager: IDocumentManager | null,
  trans: TranslationBundle,
): Promise<string | null> {
  if (!manager) {
    return null;
  }
  const title = trans.__('Serve a directory');
  const answer = await FileDialog.getExistingDirectory({ manager, title });
  return answer.button.accept ? (answer.value?.[0]?.path ?? null) : null;
}

function localeOf(translator: ITranslator | null): string | undefined {
  const code = translator?.languageCode ?? '';
  return code === '' || code === 'default' ? 'en' : code.replace('_', '-');
}

export default plugin;
