import * as React from 'react';
import { ModelPage } from '../page/ModelPage';
import type { Sight } from './sight';
import type { ServerSpec } from './spec';
import { Status } from './Status';

interface Props {
  readonly spec: ServerSpec;
  readonly sight: Sight;
  readonly isInSight: boolean;
}

/** The panel in a cell: the server with all it serves, or the page of one model. */
export function Whole({ spec, sight, isInSight }: Props): React.JSX.Element {
  if (spec.model === undefined || sight.mode === 'saved' || sight.known.server === null) {
    return <Status spec={spec} sight={sight} isInSight={isInSight} />;
  }
  return (
    <div className="jp-tfs-Output-page">
      <ModelPage name={spec.model} isShown={isInSight} />
    </div>
  );
}
