import * as React from 'react';
import { useTools } from '../../ui/tools';
import { Bars, Top } from './Bars';
import { Grid, valueText } from './Grid';
import type { Shown } from './outputs';
import { Picture } from './Picture';
import type { View } from './ways';

interface Props {
  readonly outputs: readonly Shown[];
  readonly answer: unknown;
  readonly view: View;
}

/** All outputs of an answer, as they are wanted to be seen. */
export function Outputs({ outputs, answer, view }: Props): React.JSX.Element {
  if (view === 'json' || outputs.length === 0) {
    return <Json value={answer} />;
  }
  const isNamed = outputs.length > 1;
  return (
    <>
      {outputs.map((shown) => (
        <Output key={shown.name} shown={shown} view={view} isNamed={isNamed} />
      ))}
    </>
  );
}

interface OutputProps {
  readonly shown: Shown;
  readonly view: View;
  readonly isNamed: boolean;
}

function Output({ shown, view, isNamed }: OutputProps): React.JSX.Element {
  const [first] = 'rows' in shown ? shown.rows : [];
  const isOne = 'rows' in shown && shown.rows.length === 1;
  if (shown.kind === 'probabilities' && isOne && view === 'chart') {
    const row = shown.rows[0] ?? [];
    return (
      <>
        <Top row={row} />
        <Bars row={row} />
      </>
    );
  }
  if (shown.kind === 'values' && isOne) {
    return <Value name={shown.name} value={first} isNamed={isNamed} />;
  }
  return (
    <section className="jp-tfs-Field">
      {isNamed && shown.kind !== 'picture' && (
        <h4 className="jp-tfs-small jp-tfs-muted">{shown.name}</h4>
      )}
      {shown.kind === 'picture' ? (
        <Picture shown={shown} />
      ) : shown.kind === 'other' ? (
        <Json value={shown.value} />
      ) : (
        <Grid shown={shown} />
      )}
    </section>
  );
}

interface ValueProps {
  readonly name: string;
  readonly value: unknown;
  readonly isNamed: boolean;
}

/** A single value: large where it is all, else a line with its name. */
function Value({ name, value, isNamed }: ValueProps): React.JSX.Element {
  const text = valueText(value);
  const isLong = text.length > 24;
  if (isNamed || isLong) {
    return (
      <p className="jp-tfs-Answer-value">
        <span className="jp-tfs-muted">{name}</span> <strong>{text}</strong>
      </p>
    );
  }
  return (
    <p className="jp-tfs-Answer-top">
      <b>{text}</b> <span className="jp-tfs-muted">{name}</span>
    </p>
  );
}

function Json({ value }: { readonly value: unknown }): React.JSX.Element {
  const { trans } = useTools();
  return (
    <pre
      className="jp-tfs-Code jp-tfs-Form-answer"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Answer as JSON')}
    >
      {JSON.stringify(value, null, 1)}
    </pre>
  );
}
