/** What people do to models: asked only when something is lost, undone where it is not. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Model, Version } from '../api/entries';
import type { Numbers } from '../format/numbers';
import type { Panel } from '../panel';
import { isDeleted, labelsOf, onDiskOf, otherOf } from '../store/reading';
import { keyOf } from '../store/snapshot';
import type { Asking } from './asking';

const RECENT_S = 60;

export class Actions {
  constructor(
    private readonly _panel: Panel,
    private readonly trans: TranslationBundle,
    private readonly _numbers: Numbers,
    private readonly _questions: Asking,
  ) {}

  serve(name: string, directory: string): Promise<boolean> {
    const { client, store } = this._panel;
    return store.perform(keyOf(name), 'loading', () => client.serve(name, directory));
  }

  load(name: string, version: number): Promise<boolean> {
    const { client, store } = this._panel;
    return store.perform(keyOf(name, version), 'loading', () => client.load(name, version));
  }

  /** Unload a version; asks if it serves a label or was just used. */
  async unload(name: string, version: number): Promise<boolean> {
    const { client, store } = this._panel;
    const answer = await this._asksToUnload(name, version);
    if (answer === 'cancel') {
      return false;
    }
    if (answer !== 'unload' && !(await this.moveLabels(name, version, answer.to))) {
      return false;
    }
    return store.perform(keyOf(name, version), 'unloading', () => client.unload(name, version));
  }

  private async _asksToUnload(
    name: string,
    version: number,
  ): Promise<'cancel' | 'unload' | { readonly to: number }> {
    const { trans } = this;
    const { snapshot } = this._panel.store;
    const model = this.model(name);
    const labels = model ? labelsOf(model, version) : [];
    const asked = snapshot.askedAt.get(keyOf(name, version));
    const isUsed = asked !== undefined && Date.now() / 1000 + snapshot.skew - asked < RECENT_S;
    if (labels.length === 0 && !isUsed) {
      return 'unload';
    }
    const other = model && labels.length > 0 ? otherOf(model, version) : undefined;
    const chosen = await this._questions.chosen(
      trans.__('Unload %1 %2?', name, version),
      this._lossOf(name, version, labels),
      trans.__('Unload'),
      other && trans.__('Move %1 to %2', labels.join(', '), other.version),
    );
    if (chosen === 'cancelled') {
      return 'cancel';
    }
    return other && chosen === 'harmless' ? { to: other.version } : 'unload';
  }

  /** What is lost with a version: what it does now, and what its callers get. */
  private _lossOf(name: string, version: number, labels: readonly string[]): string {
    const { trans } = this;
    const { sample } = this._panel.store.snapshot;
    const found = sample?.versions.find((each) => each.name === name && each.version === version);
    const rate = this._numbers.rate(found?.per_second ?? 0);
    return labels.length > 0
      ? trans.__(
          'It serves %1 under the label %2. Such requests get 404 until the label is moved.',
          rate,
          labels.join(', '),
        )
      : trans.__('It had requests in the last minute, %1 now.', rate);
  }

  /** Delete the directory of a version; always asks. */
  async deleteFiles(name: string, version: number, size: string): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const path =
      this.version(name, version)?.path ?? `${this.model(name)?.base_path ?? ''}/${version}`;
    const agreed = await this._questions.agreed(
      trans.__('Delete the files of %1 %2?', name, version),
      size === ''
        ? trans.__('Deletes %1 from disk. This cannot be undone.', path)
        : trans.__('Deletes %1 (%2) from disk. This cannot be undone.', path, size),
      trans.__('Delete'),
    );
    return (
      agreed &&
      store.perform(keyOf(name, version), 'removing', () => client.deleteFiles(name, version))
    );
  }

  /** Choose which versions are served. */
  chooseVersions(name: string, versions: string): Promise<boolean> {
    const { client, store } = this._panel;
    return store.perform(keyOf(name), 'loading', () => client.change(name, { versions }));
  }

  async remove(name: string): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const labels = Object.keys(this.model(name)?.labels ?? {});
    const agreed = await this._questions.agreed(
      trans.__('Remove %1?', name),
      labels.length > 0
        ? trans.__(
            'It is served no longer, and its labels are forgotten: %1. Its files stay.',
            labels.join(', '),
          )
        : trans.__('It is served no longer. Its files stay.'),
      trans.__('Remove'),
    );
    return agreed && store.perform(keyOf(name), 'removing', () => client.remove(name));
  }

  /** Have a label stand for a version, or for none; it can be undone for a while. */
  async setLabel(name: string, label: string, version: number | null): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const before = this.model(name)?.labels[label] ?? null;
    if (before === version) {
      return true;
    }
    const change = (to: number | null): Promise<boolean> =>
      store.perform(keyOf(name), 'labelling', () =>
        client.change(name, { labels: { [label]: to } }),
      );
    const done = await change(version);
    if (done) {
      const text =
        version === null
          ? trans.__('%1 is no longer a label of %2.', label, name)
          : trans.__('%1 stands for version %2 of %3 now.', label, version, name);
      store.tell('done', text, () => void change(before));
    }
    return done;
  }

  /** Move all labels of a version to another one. */
  async moveLabels(name: string, from: number, to: number): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const model = this.model(name);
    const labels = model ? labelsOf(model, from) : [];
    const change = (version: number): Promise<boolean> =>
      store.perform(keyOf(name), 'labelling', () =>
        client.change(name, { labels: Object.fromEntries(labels.map((each) => [each, version])) }),
      );
    const done = await change(to);
    if (done) {
      const text = trans.__('%1 stands for version %2 of %3 now.', labels.join(', '), to, name);
      store.tell('done', text, () => void change(from));
    }
    return done;
  }

  /** Versions that could be loaded, the newest first. */
  loadable(name: string): readonly number[] {
    const model = this.model(name);
    const ended =
      model?.versions.filter((each) => each.state === 'END' && !isDeleted(model, each)) ?? [];
    const files = model ? onDiskOf(model) : [];
    return [...ended, ...files].map(({ version }) => version).sort((a, b) => b - a);
  }

  bytesOnDisk(name: string, version: number): number | null {
    const files = this.model(name)?.on_disk?.find((each) => each.version === version);
    return files?.bytes ?? this.version(name, version)?.bytes ?? null;
  }

  /** Whether a version has files, none of them is in use, and no label stands for it. */
  canDelete(name: string, version: number): boolean {
    const model = this.model(name);
    const state = this.version(name, version)?.state;
    const isThere = model?.on_disk?.some((each) => each.version === version) !== false;
    const isLabelled = model !== undefined && labelsOf(model, version).length > 0;
    return (state === undefined || state === 'END') && isThere && !isLabelled;
  }

  model(name: string): Model | undefined {
    return this._panel.store.snapshot.models.find((each) => each.name === name);
  }

  version(name: string, version: number): Version | undefined {
    return this.model(name)?.versions.find((each) => each.version === version);
  }
}
