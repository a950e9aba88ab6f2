/** What all components are given: the panel, the language, numbers, and how to do things. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';
import type { Numbers } from '../format/numbers';
import type { Panel } from '../panel';
import type { Snapshot } from '../store/snapshot';

export interface Tools {
  readonly panel: Panel;
  readonly trans: TranslationBundle;
  readonly numbers: Numbers;
  /** Run a command of ours by its short name. */
  readonly run: (command: string, args?: ReadonlyPartialJSONObject) => void;
  /** Whether there is such a command here: outside of JupyterLab some are missing. */
  readonly has: (command: string) => boolean;
}

const Context = React.createContext<Tools | null>(null);

export const ToolsProvider = Context.Provider;

export function useTools(): Tools {
  const tools = React.useContext(Context);
  if (!tools) {
    throw new Error('A component of ours was used outside of ToolsProvider');
  }
  return tools;
}

/** What is known, and again whenever it changes; while a view is not shown it stays as it was. */
export function useSnapshot(isShown = true): Snapshot {
  const { store } = useTools().panel;
  const frozen = React.useRef(store.snapshot);
  return React.useSyncExternalStore(
    React.useCallback(
      (changed: () => void) => {
        if (!isShown) {
          return () => undefined;
        }
        store.changed.connect(changed);
        return () => void store.changed.disconnect(changed);
      },
      [store, isShown],
    ),
    () => {
      if (isShown) {
        frozen.current = store.snapshot;
      }
      return frozen.current;
    },
  );
}

/**
 * The time of the server in Unix seconds; new once a second. It moves with the samples where there
 * are any, so that all numbers change together.
 */
export function useNow(skew: number, sampled: number | undefined, isShown = true): number {
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!isShown) {
      return undefined;
    }
    const timer = setTimeout(tick, sampled === undefined ? 1000 : 1500);
    return () => clearTimeout(timer);
  });
  return Date.now() / 1000 + skew;
}
