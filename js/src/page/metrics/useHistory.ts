/** Asks for what the server has kept, again and again while somebody looks. */

import * as React from 'react';
import type { Range } from '../../api/client';
import type { History, Moment } from '../../api/entries';
import { useTools } from '../../ui/tools';

const FASTEST_MS = 1000;
const SLOWEST_MS = 15_000;

export interface Kept {
  readonly history: History;
  readonly byVersion: ReadonlyMap<number, readonly (Moment | null)[]>;
}

/** Null until there is an answer, and where the server keeps nothing. */
export function useHistory(
  model: string,
  chosen: number | null,
  versions: readonly number[],
  range: Range,
  isLooked: boolean,
): Kept | null {
  const { client } = useTools().panel;
  const [kept, setKept] = React.useState<Kept | null>(null);
  const listed = versions.join(' ');
  React.useEffect(() => setKept(null), [client, model, chosen, range]);
  React.useEffect(() => {
    if (!isLooked) {
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    // Each version for itself, but for the last minute, which the page has heard.
    const apart = range === '1m' || listed === '' ? [] : listed.split(' ').map(Number);
    const look = async (): Promise<void> => {
      const history = await client.history(range, model, chosen ?? undefined);
      const each = await Promise.all(apart.map((version) => client.history(range, model, version)));
      const byVersion = new Map(apart.map((one, index) => [one, each[index]?.points ?? []]));
      if (!isOver) {
        setKept({ history, byVersion });
        const pause = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, history.step_s * 1000));
        timer = setTimeout(again, pause);
      }
    };
    const again = (): void => {
      look().catch(() => {
        if (!isOver) {
          setKept(null);
          timer = setTimeout(again, SLOWEST_MS);
        }
      });
    };
    again();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, model, chosen, range, listed, isLooked]);
  return kept;
}
