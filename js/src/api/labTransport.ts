/** Requests from a page of JupyterLab or Notebook 7: with the user's credentials, to their server. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Transport } from './client';

export class LabTransport implements Transport {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  get url(): string {
    const root = new URL(this._settings.baseUrl, window.location.href).href;
    return URLExt.join(root, 'tfs');
  }

  fetch(path: string, init: RequestInit): Promise<Response> {
    const url = `${URLExt.join(this._settings.baseUrl, 'tfs')}/${path}`;
    return ServerConnection.makeRequest(url, init, this._settings);
  }
}
