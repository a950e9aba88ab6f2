/** Asks the server part: what it offers itself under api/, and the model server's REST under v1/. */

import { isAbout, isFailure, isHistory, isLogs, isModelFailure, isNote, isStatus } from './entries';
import type { About, History, Logs, Status } from './entries';
import { ApiError } from './errors';
import type { Guard } from './guards';

/** How requests reach the server part, wherever the views are shown. */
export interface Transport {
  /** Ask for a path below tfs/ of the Jupyter server, like api/status?x=1; encoded, no slash first. */
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** tfs/ of Jupyter as programs elsewhere can reach it, with a token; without it they cannot. */
  readonly url?: string;
}

export type Range = '1m' | '15m' | '1h' | '1d';
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Body = Readonly<Record<string, unknown>>;

export interface Change {
  readonly versions?: string;
  readonly labels?: Readonly<Record<string, number | null>>;
}

export interface Answered {
  readonly answer: unknown;
  readonly serverTiming: string | null;
}

export class Client {
  constructor(private readonly _transport: Transport) {}

  /** tfs/ of Jupyter as programs elsewhere can reach it; null where they cannot. */
  get url(): string | null {
    return this._transport.url ?? null;
  }

  about(): Promise<About> {
    return this._ask('GET', ['about'], isAbout);
  }

  status(): Promise<Status> {
    return this._ask('GET', ['status'], isStatus);
  }

  start(wishes: { rest_port?: number; grpc_port?: number } = {}): Promise<Status> {
    return this._ask('POST', ['server', 'start'], isStatus, wishes);
  }

  /** `now`: without answering what still runs; `forget`: with all models. */
  stop(how: { readonly forget?: true; readonly now?: true } = {}): Promise<Status> {
    return this._ask('POST', ['server', 'stop'], isStatus, how);
  }

  restart(): Promise<Status> {
    return this._ask('POST', ['server', 'restart'], isStatus, {});
  }

  /** Serve a model; resolves to a note on it, if there is one. */
  async serve(name: string, basePath: string): Promise<string> {
    return this._note('PUT', ['models', name], { base_path: basePath });
  }

  async change(name: string, change: Change): Promise<string> {
    return this._note('PATCH', ['models', name], { ...change });
  }

  async remove(name: string): Promise<string> {
    return this._note('DELETE', ['models', name]);
  }

  async load(name: string, version: number): Promise<string> {
    return this._note('POST', ['models', name, 'versions', String(version), 'load'], {});
  }

  async unload(name: string, version: number): Promise<string> {
    return this._note('POST', ['models', name, 'versions', String(version), 'unload'], {});
  }

  /** Delete the directory of a version that is not loaded. */
  async deleteFiles(name: string, version: number): Promise<string> {
    return this._note('DELETE', ['models', name, 'versions', String(version), 'files']);
  }

  async poll(): Promise<void> {
    await this._note('POST', ['poll'], {});
  }

  logs(lines: number, after = 0): Promise<Logs> {
    return this._ask('GET', [`logs?lines=${lines}&after=${after}`], isLogs);
  }

  /** What was measured of a model, or of one version, within a range of time until now. */
  history(range: Range, model: string, version?: number): Promise<History> {
    const which = version === undefined ? '' : `&version=${version}`;
    const query = `range=${range}&model=${encodeURIComponent(model)}${which}`;
    return this._ask('GET', [`history?${query}`], isHistory);
  }

  /**
   * What the model server answers to a GET of its own REST API, like v1/models/NAME/metadata. It
   * takes no time stamp in the query, which Jupyter adds against caches unless told of another way.
   */
  async asked(path: string): Promise<unknown> {
    return answerOf(await this._transport.fetch(path, { method: 'GET', cache: 'no-cache' }));
  }

  /**
   * Ask a model; `path` is one of the model server's own, like v1/models/NAME:predict. Newer servers
   * say what their part of it took, as the header Server-Timing has it.
   */
  async timed(path: string, body: Body): Promise<Answered> {
    const init: RequestInit = {
      method: 'POST',
      cache: 'no-cache',
      headers: { 'Content-Type': 'application/json', 'X-TFS-Timing': '1' },
      body: JSON.stringify(body),
    };
    const response = await this._transport.fetch(path, init);
    const answer = await answerOf(response);
    return { answer, serverTiming: response.headers.get('Server-Timing') };
  }

  /** Open the stream of events. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this._transport.fetch(pathOf(['events']), {
      method: 'GET',
      signal,
      headers: { Accept: 'text/event-stream' },
    });
    if (!response.ok || !response.body) {
      throw await failureOf(response);
    }
    return response.body;
  }

  private async _note(method: Method, path: readonly string[], body?: Body): Promise<string> {
    return (await this._ask(method, path, isNote, body)).note ?? '';
  }

  private async _ask<T>(
    method: Method,
    path: readonly string[],
    guard: Guard<T>,
    body?: Body,
  ): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    const init: RequestInit =
      body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const answer = await answerOf(await this._transport.fetch(pathOf(path), init));
    if (!guard(answer)) {
      throw new ApiError(0, `The answer to ${method} ${path.join('/')} is not what was expected.`);
    }
    return answer;
  }
}

function pathOf(path: readonly string[]): string {
  const [last, ...before] = [...path].reverse();
  return ['api', ...before.reverse().map(encodeURIComponent), encoded(last ?? '')].join('/');
}

function encoded(last: string): string {
  const [name = '', query] = last.split('?');
  return query === undefined ? encodeURIComponent(name) : `${encodeURIComponent(name)}?${query}`;
}

async function answerOf(response: Response): Promise<unknown> {
  if (!response.ok) {
    throw await failureOf(response);
  }
  return response.json();
}

async function failureOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (isFailure(body)) {
      return new ApiError(response.status, body.message, body.reason ?? '');
    }
    if (isModelFailure(body)) {
      return new ApiError(response.status, body.error);
    }
  } catch {
    // No JSON: something between us and the server has answered.
  }
  return new ApiError(response.status, `${response.status} ${response.statusText}`);
}
