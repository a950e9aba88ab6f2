import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Numbers } from '../../format/numbers';
import { useTools } from '../../ui/tools';
import type { Read } from '../Answers';
import { valueText } from './Grid';
import { topOf } from './outputs';

const AFTER_MS = 500;

/** Says the answers to who does not see them, when no other has come for a moment. */
export function Spoken({ reads }: { readonly reads: readonly Read[] }): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [said, say] = React.useState('');
  const text = reads.map((read) => sentenceOf(read, trans, numbers)).join('. ');
  React.useEffect(() => {
    const timer = setTimeout(() => say(text), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="jp-tfs-hidden" role="status" aria-live="polite">
      {said}
    </p>
  );
}

function sentenceOf({ reply, outputs }: Read, trans: TranslationBundle, numbers: Numbers): string {
  if (reply.outcome.kind === 'refusal') {
    return trans.__('Refused: %1', reply.outcome.reason);
  }
  const version = reply.version === null ? '' : trans.__('Version %1', reply.version);
  const [shown] = outputs;
  if (shown?.kind === 'probabilities' && shown.rows.length === 1) {
    const [top] = topOf(shown.rows[0] ?? [], 1);
    return `${version}: ${top?.label ?? ''}, ${numbers.percent(top?.value ?? 0)}`;
  }
  if (shown?.kind === 'values' && shown.rows.length === 1) {
    return `${version}: ${shown.name} ${valueText(shown.rows[0])}`;
  }
  return trans.__('%1 has answered', version);
}
