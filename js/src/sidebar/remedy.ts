/** What helps against the end of a server: a function of why it ended. */

import type { Server } from '../api/entries';

export type Remedy = 'other-port' | 'less-memory' | 'log' | 'again';

const OF_CAUSE: Readonly<Record<string, Remedy>> = {
  port_in_use: 'other-port',
  out_of_memory: 'less-memory',
  signal: 'log',
  exit: 'log',
  cannot_start: 'log',
  hung: 'again',
};

export function remedyOf({ cause, reason }: Pick<Server, 'cause' | 'reason'>): Remedy {
  if (cause) {
    return OF_CAUSE[cause.kind] ?? 'again';
  }
  return /\bport\b/i.test(reason ?? '') ? 'other-port' : 'again'; // an older server has words only
}
