import * as React from 'react';
import type { Model } from '../api/entries';
import { TryIt } from '../tryit/TryIt';

/** Ask the model, by a form that its signature makes. */
export function TryTab({ model }: { readonly model: Model }): React.JSX.Element {
  return (
    <div className="jp-tfs-Pane">
      <TryIt model={model} />
    </div>
  );
}
