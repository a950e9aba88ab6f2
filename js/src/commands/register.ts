/** All commands, as people, menus, shortcuts and settings find them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import type { Doers, Options } from './doers';
import { CATEGORY, PREFIX } from './ids';
import { labelCommands } from './ofLabels';
import { menuCommands } from './ofMenus';
import { modelCommands } from './ofModels';
import { serverCommands } from './ofServer';
import { textCommands } from './ofText';
import { versionCommands } from './ofVersions';

export function register(doers: Doers): IDisposable {
  const { commands } = doers;
  const all: Record<string, Options> = {
    ...serverCommands(doers),
    ...modelCommands(doers),
    ...versionCommands(doers),
    ...labelCommands(doers),
    ...menuCommands(doers),
    ...textCommands(doers),
  };
  return DisposableSet.from(
    Object.entries(all).map(([name, options]) => commands.addCommand(`${PREFIX}${name}`, options)),
  );
}

export const categoryOf = (trans: TranslationBundle): string => trans.__(CATEGORY);
