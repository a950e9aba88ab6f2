import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Server } from '../api/entries';
import type { Numbers } from '../format/numbers';
import { SERVER, type Snapshot } from '../store/snapshot';
import type { ServerWord } from '../store/reading';
import { useTools } from '../ui/tools';

interface Props {
  readonly known: Snapshot;
  readonly now: number;
  readonly word: ServerWord;
}

/** What stands beside the state: since when, which attempt, how many requests are left. */
export function StateDetail({ known, now, word }: Props): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const text = detailOf({ known, now, word }, trans, numbers);
  const { server } = known;
  const since = server ? numbers.moment(server.since - known.skew) : undefined;
  return text ? (
    <span className="jp-tfs-muted" title={since}>
      {text}
    </span>
  ) : null;
}

export function detailOf(
  { known, now, word }: Props,
  trans: TranslationBundle,
  numbers: Numbers,
): string {
  const { server, connection } = known;
  if (connection.state === 'waiting') {
    const left = Math.max(0, Math.ceil(connection.retryAt / 1000 - Date.now() / 1000));
    return trans.__('next try in %1', numbers.duration(left));
  }
  if (!server) {
    return '';
  }
  const age = numbers.duration(now - server.since);
  switch (word) {
    case 'starting':
      return known.pending.has(SERVER) && server.state !== 'starting' ? '' : age;
    case 'running':
      return age;
    case 'restarting':
      return attemptOf(server, trans);
    case 'draining': {
      const left = requestsLeft(known);
      return left === null ? '' : trans._n('%1 request left', '%1 requests left', left);
    }
    case 'stopped':
      return trans.__('at %1', numbers.clock(server.since - known.skew, false));
    case 'failed':
      return trans.__('%1 ago', age);
    default:
      return '';
  }
}

function attemptOf(server: Server, trans: TranslationBundle): string {
  const attempt = Math.max(1, server.restarts);
  return server.max_restarts === undefined || attempt > server.max_restarts
    ? trans.__('attempt %1', attempt)
    : trans.__('attempt %1 of %2', attempt, server.max_restarts);
}

/** Requests that a server answers before it ends. */
function requestsLeft({ server, sample }: Snapshot): number | null {
  return server?.in_flight ?? sample?.in_flight ?? null;
}
