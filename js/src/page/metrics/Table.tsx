import * as React from 'react';

interface Props {
  readonly label: string;
  readonly heads: readonly string[];
  /** The first cell of each row is its head. */
  readonly rows: readonly (readonly string[])[];
  /** How many columns, from the left, hold words rather than numbers. */
  readonly words?: number;
}

/** What a chart shows, in numbers. */
export function Table({ label, heads, rows, words = 1 }: Props): React.JSX.Element {
  const kind = (index: number): string | undefined => (index < words ? undefined : 'jp-tfs-num');
  return (
    <div className="jp-tfs-Scroll jp-tfs-Chart-table" tabIndex={0} role="region" aria-label={label}>
      <table className="jp-tfs-Table">
        <thead>
          <tr>
            {heads.map((head, index) => (
              <th key={head} scope="col" className={kind(index)}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first = '', ...others], row) => (
            <tr key={`${row} ${first}`}>
              <th scope="row">{first}</th>
              {others.map((text, index) => (
                <td key={index} className={kind(index + 1)}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
