/** The model server among all that runs, where people look for what they could shut down. */

import type { IRunningSessionManagers, IRunningSessions } from '@jupyterlab/running';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { Panel } from '../panel';
import { serverIcon } from '../ui/serverIcon';
import type { ServerActions } from './serverActions';

export function addToRunning(
  managers: IRunningSessionManagers,
  panel: Panel,
  actions: ServerActions,
  trans: TranslationBundle,
  show: () => void,
): void {
  const { store } = panel;
  const changed = new Signal<Panel, void>(panel);
  let last = '';
  store.changed.connect(() => {
    const { server, models } = store.snapshot;
    const now = `${server?.state ?? ''} ${models.length}`;
    if (now !== last) {
      last = now;
      changed.emit();
    }
  });
  managers.add({
    name: trans.__('Model server'),
    running: () => {
      const { server, models } = store.snapshot;
      const isUp = server !== null && server.state !== 'stopped' && server.state !== 'failed';
      const item: IRunningSessions.IRunningItem = {
        icon: () => serverIcon,
        label: () => trans._n('%1 model', '%1 models', models.length),
        labelTitle: () => server?.rest_url ?? '',
        open: show,
        shutdown: () => void actions.stop(),
      };
      return isUp ? [item] : [];
    },
    runningChanged: changed,
    refreshRunning: () => undefined,
    shutdownLabel: trans.__('Stop server'),
    shutdownAll: () => void actions.stop(),
    shutdownAllLabel: trans.__('Stop server'),
    shutdownAllConfirmationText: trans.__('Stop the model server? Its models stay listed.'),
  });
}
