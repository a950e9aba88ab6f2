/** Requests from a page of Jupyter without its libraries: to the server that the page is from. */

import type { Transport } from '../api/client';
import { isObject, isText } from '../api/guards';

/** Where a page says whose it is, in JupyterLab and Notebook 7. */
const CONFIGURATION = 'jupyter-config-data';

export class PageTransport implements Transport {
  /** `token` is empty where the page's cookie is who the user is. */
  constructor(
    private readonly _baseUrl: string,
    private readonly _token: string,
    private readonly _cookie: () => string = () => document.cookie,
  ) {}

  fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this._token !== '') {
      headers.set('Authorization', `token ${this._token}`);
    }
    const proof = /(?:^|;\s*)_xsrf=([^;]*)/.exec(this._cookie())?.[1];
    if (proof !== undefined) {
      headers.set('X-XSRFToken', proof);
    }
    const url = `${this._baseUrl.replace(/\/$/, '')}/tfs/${path}`;
    return fetch(url, { cache: 'no-store', credentials: 'same-origin', ...init, headers });
  }
}

/** The transport of this page, or null if it is no page of Jupyter. */
export function pageTransport(place: Document = document): PageTransport | null {
  const configuration = parsed(place.getElementById(CONFIGURATION)?.textContent ?? '');
  if (!isObject(configuration) || !isText(configuration['baseUrl'])) {
    return null;
  }
  const token = configuration['token'];
  return new PageTransport(configuration['baseUrl'], isText(token) ? token : '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
