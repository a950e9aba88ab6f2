/** What commands are given, and how they read what they are told. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Panel, Row } from '../panel';
import type { Numbers } from '../format/numbers';
import type { Actions } from './actions';
import { checked, ofModel, ofVersion } from './args';
import type { ClientCells } from './clientCells';
import type { Menus, Place } from './menus';
import type { Cells } from './notebook';
import type { ServerActions } from './serverActions';

export interface Doers {
  readonly commands: CommandRegistry;
  readonly panel: Panel;
  readonly trans: TranslationBundle;
  readonly numbers: Numbers;
  readonly server: ServerActions;
  readonly actions: Actions;
  readonly menus: Menus;
  readonly cells: Cells;
  readonly clientCells: ClientCells;
  readonly show: () => void;
  readonly openModel: (model: string, tab?: string) => void;
  readonly openLog: () => void;
  /** The directory that is chosen in the file browser. */
  readonly selectedDirectory: () => string | null;
  readonly chooseDirectory: () => Promise<string | null>;
  /** Whether a model can be served from this directory; an error says why not. */
  readonly checkDirectory: (path: string) => Promise<void>;
  /** Whether there is a model in it, as far as is known at once. */
  readonly isModelDirectory: (path: string) => boolean;
}

export type Options = CommandRegistry.ICommandOptions;
type Arguments = ReadonlyPartialJSONObject;

/** The row that a command is about: the one it is told, or the one that has the focus in the tree. */
export function modelOf({ panel }: Doers, args: Arguments): Row {
  return ofModel(args) ? args : panel.currentRow;
}

export function versionOf(doers: Doers, args: Arguments): Row & { readonly version: number } {
  return checked(ofVersion, modelOf(doers, args));
}

export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function placeOf({ x, y }: Partial<Row>): Place {
  return { x: x ?? 0, y: y ?? 0 };
}
