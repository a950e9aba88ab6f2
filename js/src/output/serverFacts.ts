/** What is said of the server after its state. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Numbers } from '../format/numbers';
import type { ServerWord } from '../store/reading';
import { pointOf, type Snapshot } from '../store/snapshot';

export function factsOf(
  known: Snapshot,
  word: ServerWord,
  now: number,
  trans: TranslationBundle,
  numbers: Numbers,
): readonly string[] {
  const { server, sample, connection } = known;
  if (server === null) {
    return [];
  }
  const age = numbers.duration(now - server.since);
  switch (word) {
    case 'running':
      return [
        age,
        ...(sample ? [numbers.rate(pointOf(sample).perSecond)] : []),
        ...memoryOf(known, trans, numbers),
      ];
    case 'starting':
      return [age];
    case 'restarting':
      return [trans.__('attempt %1', Math.max(1, server.restarts))];
    case 'draining':
      return sample ? [trans._n('%1 request left', '%1 requests left', sample.in_flight)] : [];
    case 'stopped':
      return [trans.__('at %1', numbers.clock(server.since - known.skew, false))];
    case 'failed':
      return [trans.__('%1 ago', age)];
    case 'reconnecting':
      return connection.state === 'waiting'
        ? [trans.__('next try in %1', numbers.duration(connection.retryAt / 1000 - now))]
        : [];
    default:
      return [];
  }
}

function memoryOf(known: Snapshot, trans: TranslationBundle, numbers: Numbers): readonly string[] {
  const used = known.sample?.rss_bytes;
  const limit = known.server?.memory_limit_bytes;
  if (used == null) {
    return [];
  }
  return [
    limit == null
      ? numbers.bytes(used)
      : trans.__('%1 of %2', numbers.bytes(used), numbers.bytes(limit)),
  ];
}
