/** The menu of the file browser offers to serve a directory only if a model is in it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ModelFiles } from './modelFiles';

/** Look into a directory as its menu opens; the menu offers to serve it if there is a model. */
export function lookWhenMenuOpens(
  app: JupyterFrontEnd,
  files: ModelFiles,
  selected: () => string | null,
): void {
  const { menu } = app.contextMenu;
  document.addEventListener('contextmenu', (event) => {
    const isItem = event.target instanceof Element && event.target.closest('.jp-DirListing-item');
    const path = isItem ? selected() : null;
    if (path !== null) {
      files.look(path).then(
        () => menu.update(),
        () => undefined, // it cannot be read; the command says so when it is chosen
      );
    }
  });
}
