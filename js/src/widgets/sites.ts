/** What widgets of one page share: one panel for each model server, and the way to it. */

import { Client, type Transport } from '../api/client';
import { isText, shape } from '../api/guards';
import { Numbers } from '../format/numbers';
import { Panel } from '../panel';
import type { Tools } from '../ui/tools';
import { CommTransport } from './commTransport';
import { Commands } from './commands';
import type { WidgetModel } from './model';
import { pageTransport } from './pageTransport';
import { words } from './words';

export interface Site {
  readonly tools: Tools;
  readonly comm: CommTransport;
}

const sites = new Map<string, Site>();
const isOfHost = shape({ host: isText });

/** The site of a widget: of its kernel, and of the server that its kernel talks to. */
export function siteOf(model: WidgetModel): Site {
  const said = model.get('_host');
  const host = isText(said) ? said : '';
  const key = `${String(model.get('_kernel'))} ${host}`;
  const found = sites.get(key) ?? made(host);
  sites.set(key, found);
  return found;
}

function made(host: string): Site {
  const comm = new CommTransport();
  const panel = new Panel(new NearestTransport(host, comm));
  const numbers = new Numbers(undefined);
  const commands = new Commands(panel, words, numbers);
  const tools: Tools = {
    panel,
    trans: words,
    numbers,
    run: (command, args = {}) => commands.run(command, args),
    has: (command) => commands.has(command),
  };
  return { tools, comm };
}

/**
 * The page's own HTTP if it leads to the very server that the kernel talks to, which answers while
 * the kernel is busy or gone; else messages to the kernel.
 */
class NearestTransport implements Transport {
  constructor(
    private readonly _host: string,
    private readonly _comm: CommTransport,
  ) {}

  async fetch(path: string, init: RequestInit): Promise<Response> {
    const transport = await (this._chosen ??= this._choose());
    return transport.fetch(path, init);
  }

  private async _choose(): Promise<Transport> {
    const page = this._host === '' ? null : pageTransport();
    if (page === null) {
      return this._comm;
    }
    try {
      const status: unknown = await new Client(page).status();
      return isOfHost(status) && status.host === this._host ? page : this._comm;
    } catch {
      return this._comm;
    }
  }

  private _chosen: Promise<Transport> | undefined;
}
