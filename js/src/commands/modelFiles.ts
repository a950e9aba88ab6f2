/** Which directories hold a model that can be served: told by what lies in them. */

import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  holdsModel,
  isVersion,
  kindOf,
  nameOf,
  versionsIn,
  type Entry,
  type Kind,
} from './modelKind';

export class ModelFiles {
  constructor(
    private readonly _contents: Pick<Contents.IManager, 'get'>,
    private readonly trans: TranslationBundle,
  ) {}

  /** What was found the last time that somebody looked; without a look, what the name says. */
  isKnown(path: string): boolean {
    const kind = this._known.get(path);
    return kind === undefined ? isVersion(nameOf(path)) : kind !== 'nothing';
  }

  async look(path: string): Promise<Kind> {
    const entries = await this._entries(path);
    let kind = kindOf(nameOf(path), entries);
    if (kind === 'nothing') {
      const newest = versionsIn(entries).at(-1);
      const inside = newest === undefined ? [] : await this._entries(`${path}/${newest}`);
      kind = holdsModel(inside) ? 'model' : 'nothing';
    }
    this._known.set(path, kind);
    return kind;
  }

  /** Throws what to do if nothing can be served from here. */
  async check(path: string): Promise<void> {
    const kind = await this.look(path);
    const name = nameOf(path) || '/';
    if (kind === 'no-version') {
      throw new Error(
        this.trans.__(
          '%1 holds a SavedModel, but is no version. Move it into a directory named 1, and serve that.',
          name,
        ),
      );
    }
    if (kind === 'nothing') {
      throw new Error(
        this.trans.__(
          '%1 holds no model. A version is a directory named by a number, with a SavedModel in it.',
          name,
        ),
      );
    }
  }

  private async _entries(path: string): Promise<readonly Entry[]> {
    const found = await this._contents.get(path, { content: true });
    const content: unknown = found.content;
    return Array.isArray(content) ? (content as readonly Entry[]) : [];
  }

  private readonly _known = new Map<string, Kind>();
}
