/** Keeps choices in the state of the workspace. */

import type { IStateDB } from '@jupyterlab/statedb';
import { dictOf, isText } from './api/guards';
import type { Choices } from './store/choices';

const CHOICES = 'tfs-magics:choices';

/** What people choose in the views is there again after a reload. */
export function keepChoices(choices: Choices, state: IStateDB | null): void {
  const isKept = dictOf(isText);
  void state?.fetch(CHOICES).then((kept) => {
    if (isKept(kept)) {
      choices.restore(kept);
    }
    choices.changed.connect((_, chosen) => void state.save(CHOICES, { ...chosen }));
  });
}
