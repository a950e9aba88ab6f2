/** Lines of the log, as they come, while somebody looks. */

import * as React from 'react';
import { useTools } from '../ui/tools';

const LINES = 1000;
const PAUSE_MS = 1000;

/** Ask for new lines, again and again while somebody looks. */
export function useLines(isShown: boolean): void {
  const { client, store } = useTools().panel;
  React.useEffect(() => {
    if (!isShown) {
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async (): Promise<void> => {
      const after = store.snapshot.logs.at(-1)?.seq ?? 0;
      try {
        store.addLines((await client.logs(LINES, after)).lines);
      } catch {
        // The server is away; the panel says so, and the next look may succeed.
      }
      if (!isOver) {
        timer = setTimeout(() => void look(), PAUSE_MS);
      }
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, store, isShown]);
}
