import * as React from 'react';
import { useTools } from './tools';

/** The head of a table of tensors, one a row: inputs beside outputs, or expected beside got. */
export function TensorHead({
  hasDefaults = false,
}: {
  readonly hasDefaults?: boolean;
}): React.JSX.Element {
  const { trans } = useTools();
  return (
    <thead>
      <tr>
        <th scope="col">
          <span className="jp-tfs-hidden">{trans.__('Side')}</span>
        </th>
        <th scope="col">{trans.__('Name')}</th>
        <th scope="col">{trans.__('Type')}</th>
        <th scope="col">{trans.__('Shape')}</th>
        {hasDefaults && <th scope="col">{trans.__('Default')}</th>}
      </tr>
    </thead>
  );
}
