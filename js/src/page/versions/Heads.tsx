import * as React from 'react';
import { useTools } from '../../ui/tools';

const NUMBER = 'jp-tfs-num';
const WIDE = 'jp-tfs-from800';

/** The columns of the table of versions. */
export function Heads(): React.JSX.Element {
  const { trans } = useTools();
  const heads: readonly (readonly [string, string])[] = [
    [trans.__('Version'), ''],
    [trans.__('State'), ''],
    [trans.__('Labels'), ''],
    [trans.__('Last minute'), WIDE],
    [trans.__('Requests'), NUMBER],
    ['p50', NUMBER],
    ['p99', NUMBER],
    [trans.__('Errors'), NUMBER],
    [trans.__('Batch'), `${NUMBER} ${WIDE}`],
    [trans.__('Memory'), `${NUMBER} ${WIDE}`],
    [trans.__('Age'), `${NUMBER} ${WIDE}`],
  ];
  return (
    <thead>
      <tr>
        {heads.map(([text, kind]) => (
          <th key={text} scope="col" className={kind || undefined}>
            {text}
          </th>
        ))}
        <th scope="col">
          <span className="jp-tfs-hidden">{trans.__('Actions')}</span>
        </th>
      </tr>
    </thead>
  );
}
