import * as React from 'react';
import { useTools } from '../../ui/tools';
import { topOf, type Scored, type Shown } from './outputs';

const MOST_ROWS = 200;

interface Props {
  readonly shown: Extract<Shown, { readonly kind: 'probabilities' | 'vectors' | 'values' }>;
}

/** An output as a table: places and values of one row, or a line for each of several rows. */
export function Grid({ shown }: Props): React.JSX.Element {
  const { trans } = useTools();
  const [row] = shown.rows;
  const isOne = shown.rows.length === 1 && shown.kind !== 'values';
  const lines = isOne ? (row as readonly Scored[]) : shown.rows;
  return (
    <div className="jp-tfs-Scroll jp-tfs-Grid" tabIndex={0} role="region" aria-label={shown.name}>
      <table className="jp-tfs-Table">
        <thead>
          <tr>
            <th scope="col">{isOne ? trans.__('Place') : trans.__('Row')}</th>
            <Heads shown={shown} isOne={isOne} />
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, MOST_ROWS).map((line, index) => (
            <tr key={index}>
              <th scope="row">{isOne ? (line as Scored).label : index + 1}</th>
              <Cells shown={shown} isOne={isOne} line={line} />
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > MOST_ROWS && (
        <p className="jp-tfs-small jp-tfs-muted">
          {trans.__('the first %1 of %2', MOST_ROWS, lines.length)}
        </p>
      )}
    </div>
  );
}

function Heads({ shown, isOne }: Props & { readonly isOne: boolean }): React.JSX.Element {
  const { trans } = useTools();
  if (shown.kind === 'probabilities' && !isOne) {
    return (
      <>
        <th scope="col">{trans.__('class')}</th>
        <th scope="col" className="jp-tfs-num">
          {trans.__('probability')}
        </th>
        <th scope="col">{trans.__('then')}</th>
      </>
    );
  }
  return (
    <th scope="col" className="jp-tfs-num">
      {shown.name}
    </th>
  );
}

function Cells({
  shown,
  isOne,
  line,
}: Props & { readonly isOne: boolean; readonly line: unknown }): React.JSX.Element {
  const { numbers } = useTools();
  if (isOne) {
    const { value } = line as Scored;
    const text = shown.kind === 'probabilities' ? numbers.percent(value) : valueText(value);
    return <td className="jp-tfs-num">{text}</td>;
  }
  if (shown.kind === 'probabilities') {
    const [first, second] = topOf(line as readonly Scored[], 2);
    return (
      <>
        <td>{first?.label}</td>
        <td className="jp-tfs-num">{numbers.percent(first?.value ?? 0)}</td>
        <td className="jp-tfs-muted">
          {second && `${second.label}, ${numbers.percent(second.value)}`}
        </td>
      </>
    );
  }
  const text =
    shown.kind === 'vectors'
      ? (line as readonly Scored[]).map(({ value }) => valueText(value)).join('  ')
      : valueText(line);
  return <td className="jp-tfs-num">{text}</td>;
}

/** A value as it is, but for digits that only tell of float32. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
