/** Questions where JupyterLab's dialogs are not. Cancel has the focus, the verb is red. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Asking, Chosen } from '../commands/asking';

export class Questions implements Asking {
  constructor(private readonly trans: TranslationBundle) {}

  async agreed(title: string, body: string, verb: string): Promise<boolean> {
    return (await this.chosen(title, body, verb)) === 'done';
  }

  chosen(title: string, body: string, verb: string, harmless?: string): Promise<Chosen> {
    const dialog = document.createElement('dialog');
    dialog.className = 'jp-tfs jp-tfs-Dialog';
    dialog.setAttribute('aria-label', title);
    dialog.append(textOf('h2', title), textOf('p', body));
    const buttons = dialog.appendChild(document.createElement('div'));
    buttons.className = 'jp-tfs-actions';
    return new Promise((resolve) => {
      const add = (label: string, kind: string, chosen: Chosen): HTMLButtonElement => {
        const button = buttons.appendChild(document.createElement('button'));
        button.className = `jp-tfs-Button ${kind}`;
        button.textContent = label;
        button.addEventListener('click', () => {
          resolve(chosen);
          dialog.close();
        });
        return button;
      };
      const cancel = add(this.trans.__('Cancel'), '', 'cancelled');
      if (harmless !== undefined) {
        add(harmless, 'jp-mod-accept', 'harmless');
      }
      add(verb, 'jp-mod-warn', 'done');
      dialog.addEventListener('close', () => {
        resolve('cancelled'); // nothing, after a click
        dialog.remove();
      });
      document.body.append(dialog);
      dialog.showModal();
      cancel.focus();
    });
  }
}

function textOf(tag: 'h2' | 'p', text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
