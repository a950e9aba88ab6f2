/** What people do to the whole server: asked only when something is lost. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Panel } from '../panel';
import { SERVER } from '../store/snapshot';
import type { Asking } from './asking';

export class ServerActions {
  constructor(
    private readonly _panel: Panel,
    private readonly trans: TranslationBundle,
    private readonly _questions: Asking,
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
      !(await this._questions.agreed(
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
      (await this._questions.agreed(
        trans.__('Stop now?'),
        trans._n('%1 request gets no answer.', '%1 requests get no answer.', left),
        trans.__('Stop now'),
      ));
    return agreed && store.perform(SERVER, 'stopping', () => client.stop({ now: true }));
  }

  async forget(): Promise<boolean> {
    const { client, store } = this._panel;
    const { trans } = this;
    const agreed = await this._questions.agreed(
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
}
