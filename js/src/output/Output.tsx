import * as React from 'react';
import type { PanelSpec } from './spec';

interface Props {
  readonly spec: PanelSpec;
}

/** What a magic showed: live where the server part answers, else as it was. */
export function Output({ spec }: Props): React.JSX.Element {
  return (
    <section className="jp-tfs" aria-label={spec.model ?? spec.kind}>
      <div className="jp-tfs-Output">
        <div className="jp-tfs-Output-head">
          <h2>{spec.model ?? spec.kind}</h2>
        </div>
      </div>
    </section>
  );
}
