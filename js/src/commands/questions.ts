/** Questions that are asked before something is lost. Cancel has the focus, the verb is red. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Asking, Chosen } from './asking';

export class Questions implements Asking {
  constructor(private readonly trans: TranslationBundle) {}

  async agreed(title: string, body: string, verb: string): Promise<boolean> {
    return (await this.chosen(title, body, verb)) === 'done';
  }

  async chosen(title: string, body: string, verb: string, harmless?: string): Promise<Chosen> {
    const other = harmless === undefined ? [] : [Dialog.okButton({ label: harmless })];
    const answer = await showDialog({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: this.trans.__('Cancel') }),
        ...other,
        Dialog.warnButton({ label: verb }),
      ],
      defaultButton: 0,
    });
    if (!answer.button.accept) {
      return 'cancelled';
    }
    return answer.button.displayType === 'warn' ? 'done' : 'harmless';
  }
}
