/** Says that the server part is missing to who does not look at the sidebar. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Store } from '../store/store';
import { ENABLE_COMMAND } from './Missing';

/** Say once a page that the server part is not enabled, with the command that enables it. */
export function tellIfMissing(
  store: Store,
  trans: TranslationBundle,
  copy: (text: string) => void,
): void {
  const look = (): void => {
    const { connection } = store.snapshot;
    if (connection.state !== 'refused' || !connection.error.isMissing) {
      return;
    }
    store.changed.disconnect(look);
    const text = trans.__(
      'The model server extension is not enabled. Run this in a terminal, then restart Jupyter: %1',
      ENABLE_COMMAND,
    );
    Notification.warning(text, {
      autoClose: false,
      actions: [{ label: trans.__('Copy command'), callback: () => copy(ENABLE_COMMAND) }],
    });
  };
  store.changed.connect(look);
}
