/** Questions that are asked before something is lost. Cancel has the focus, the verb is red. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export class Questions {
  constructor(private readonly trans: TranslationBundle) {}

  /** Whether somebody agreed. */
  async agreed(title: string, body: string, verb: string): Promise<boolean> {
    return (await this.chosen(title, body, verb)) === 'done';
  }

  /** What somebody chose: the verb, the harmless way if there is one, or nothing. */
  async chosen(
    title: string,
    body: string,
    verb: string,
    harmless?: string,
  ): Promise<'done' | 'harmless' | 'cancelled'> {
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
