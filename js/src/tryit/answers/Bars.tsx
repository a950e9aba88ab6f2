import * as React from 'react';
import { useTools } from '../../ui/tools';
import { topOf, type Scored } from './outputs';

const MOST = 10;

/** Probabilities as bars that move: all of up to ten in their order, of more the ten largest. */
export function Bars({ row }: { readonly row: readonly Scored[] }): React.JSX.Element {
  const { numbers, trans } = useTools();
  const [top] = topOf(row, 1);
  const shown = row.length > MOST ? topOf(row, MOST) : row;
  return (
    <>
      <div className="jp-tfs-Bars">
        {shown.map((each, index) => (
          <React.Fragment key={row.length > MOST ? index : each.label}>
            <span
              className={each === top ? 'jp-tfs-Bars-name jp-mod-top' : 'jp-tfs-Bars-name'}
              title={each.label}
            >
              {each.label}
            </span>
            <i style={{ '--p': each.value } as React.CSSProperties} />
            <span className={each === top ? 'jp-tfs-num jp-mod-top' : 'jp-tfs-num'}>
              {numbers.percent(each.value)}
            </span>
          </React.Fragment>
        ))}
      </div>
      {row.length > MOST && (
        <p className="jp-tfs-small jp-tfs-muted">
          {trans.__('the %1 largest of %2', MOST, numbers.count(row.length))}
        </p>
      )}
    </>
  );
}

/** What is most likely, in large. */
export function Top({ row }: { readonly row: readonly Scored[] }): React.JSX.Element {
  const { numbers } = useTools();
  const [top] = topOf(row, 1);
  return (
    <p className="jp-tfs-Answer-top">
      <b>{top?.label ?? ''}</b> <span>{numbers.percent(top?.value ?? 0)}</span>
    </p>
  );
}
