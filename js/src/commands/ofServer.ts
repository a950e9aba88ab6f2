/** Commands on the whole server. */

import { refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import { serverIcon } from '../ui/serverIcon';
import { checked, described, ofStart } from './args';
import type { Doers, Options } from './doers';

export function serverCommands({
  panel,
  trans,
  server,
  show,
  openLog,
}: Doers): Record<string, Options> {
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
      execute: (args) => server.start(checked(ofStart, args).anyPort ?? false),
    },
    stop: {
      label: trans.__('Stop server'),
      caption: trans.__('Stop the model server; its models stay listed'),
      icon: stopIcon,
      isEnabled: isUp,
      describedBy: described({}),
      execute: () => server.stop(),
    },
    'stop-now': {
      label: trans.__('Stop now'),
      caption: trans.__('End the model server without answering what still runs'),
      isEnabled: isUp,
      describedBy: described({}),
      execute: () => server.stopNow(),
    },
    restart: {
      label: trans.__('Restart server'),
      caption: trans.__('Stop the model server and start it again'),
      icon: refreshIcon,
      isEnabled: isUp,
      describedBy: described({}),
      execute: () => server.restart(),
    },
    forget: {
      label: trans.__('Stop and forget all models…'),
      isEnabled: () => panel.store.snapshot.models.length > 0,
      describedBy: described({}),
      execute: () => server.forget(),
    },
    poll: {
      label: trans.__('Look for new versions now'),
      isEnabled: () => state() === 'running',
      describedBy: described({}),
      execute: () => server.poll(),
    },
    'open-log': {
      label: trans.__('Open log'),
      caption: trans.__('Show the log of the model server'),
      describedBy: described({}),
      execute: () => openLog(),
    },
  };
}
