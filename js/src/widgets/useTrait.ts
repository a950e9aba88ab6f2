import * as React from 'react';
import type { WidgetModel } from './model';

/** A trait of the widget in Python, and again whenever it changes. */
export function useTrait(model: WidgetModel, name: string): unknown {
  return React.useSyncExternalStore(
    React.useCallback(
      (changed: () => void) => {
        model.on(`change:${name}`, changed);
        return () => model.off(`change:${name}`, changed);
      },
      [model, name],
    ),
    () => model.get(name),
  );
}
