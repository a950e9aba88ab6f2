/**
 * What people do to the server and its models: asked only when something is lost, undone where it
 * is not.
 */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Model, Version } from '../api/entries';
import type { Panel } from '../panel';
import { labelsOf, otherOf } from '../store/reading';
import { keyOf, SERVER } from '../store/snapshot';

const RECENT_S = 60;

export class Actions {
  constructor(
    private readonly _panel: Panel,
    private readonly trans: TranslationBundle,
  ) {}

  start(anyPort: boolean): Promise<boolean> {
    const { client, store } = this._panel;
    const wishes = anyPort ? { rest_port: 0, grpc_port: 0 } : {};
    return store.perform(SERVER, 'starting', () => client.start(wishes));
  }

  async stop(): Promise<boolean> {
    const { client, store } = this._panel;
    const inFlight = store.snapshot.sample?.in_flight ?? 0;
    const { trans } = this;
    if (
      inFlight > 0 &&
      !(await this._agreed(
        trans.__('Stop the model server?'),
        trans._n(
          'It still answers %1 request. It ends when that is done, and takes no new ones.',
          'It still answers %1 requests. It ends when they are done, and takes no new ones.',
          inFlight,
        ),
        trans.__('Stop'),
      ))
    ) {
      return false;
    }
    return store.perform(SERVER, 'stopping', () => client.stop());
  }

  /** End the server without waiting for what it still answers. */
  async stopNow(): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const left = store.snapshot.server?.in_flight ?? store.snapshot.sample?.in_flight ?? 0;
    const agreed =
      left === 0 ||
      (await this._agreed(
        trans.__('Stop now?'),
        trans._n('%1 request gets no answer.', '%1 requests get no answer.', left),
        trans.__('Stop now'),
      ));
    return agreed && store.perform(SERVER, 'stopping', () => client.stop({ now: true }));
  }

  async forget(): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const agreed = await this._agreed(
      trans.__('Stop the server and forget all models?'),
      trans.__('Their directories, versions and labels are forgotten. The files stay.'),
      trans.__('Stop and forget'),
    );
    return agreed && store.perform(SERVER, 'stopping', () => client.stop({ forget: true }));
  }

  restart(): Promise<boolean> {
    const { client, store } = this._panel;
    return store.perform(SERVER, 'restarting', () => client.restart());
  }

  poll(): Promise<boolean> {
    const { client, store } = this._panel;
    return store.perform('poll', 'loading', () => client.poll());
  }

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
    const move = other
      ? [
          Dialog.okButton({
            label: trans.__('Move %1 to %2, then unload', labels.join(', '), other.version),
          }),
        ]
      : [];
    const answer = await showDialog({
      title: trans.__('Unload version %1 of %2?', version, name),
      body:
        labels.length > 0
          ? trans.__('Requests for %1 get an error from then on.', labels.join(', '))
          : trans.__('It had requests in the last minute.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        ...move,
        Dialog.warnButton({ label: trans.__('Unload') }),
      ],
      defaultButton: 0,
    });
    if (!answer.button.accept) {
      return 'cancel';
    }
    return other && answer.button.displayType !== 'warn' ? { to: other.version } : 'unload';
  }

  /** Delete the directory of a version; always asks. */
  async deleteFiles(name: string, version: number, size: string): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const path =
      this.version(name, version)?.path ?? `${this.model(name)?.base_path ?? ''}/${version}`;
    const agreed = await this._agreed(
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
    const agreed = await this._agreed(
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

  model(name: string): Model | undefined {
    return this._panel.store.snapshot.models.find((each) => each.name === name);
  }

  version(name: string, version: number): Version | undefined {
    return this.model(name)?.versions.find((each) => each.version === version);
  }

  private async _agreed(title: string, body: string, verb: string): Promise<boolean> {
    const answer = await showDialog({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: this.trans.__('Cancel') }),
        Dialog.warnButton({ label: verb }),
      ],
      defaultButton: 0,
    });
    return answer.button.accept;
  }
}
