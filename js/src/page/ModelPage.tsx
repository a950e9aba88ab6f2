import * as React from 'react';
import { useSnapshot, useTools } from '../ui/tools';

/** Why a model is as it is. */
export function ModelPage(props: {
  readonly model: string;
  readonly isShown: boolean;
}): React.JSX.Element {
  const { trans } = useTools();
  const known = useSnapshot(props.isShown);
  const model = known.models.find((each) => each.name === props.model);
  return (
    <div className="jp-tfs-Page-head">
      <h1>{props.model}</h1>
      {!model && <span className="jp-tfs-muted">{trans.__('is not served')}</span>}
    </div>
  );
}
