/** A choice that outlives its view, and the page where JupyterLab keeps it. */

import * as React from 'react';
import { useTools } from './tools';

export function useChoice(key: string, first: string): readonly [string, (value: string) => void] {
  const { choices } = useTools().panel;
  const value = React.useSyncExternalStore(
    React.useCallback(
      (changed: () => void) => {
        choices.changed.connect(changed);
        return () => void choices.changed.disconnect(changed);
      },
      [choices],
    ),
    () => choices.get(key) ?? first,
  );
  return [value, (chosen) => choices.set(key, chosen)];
}
