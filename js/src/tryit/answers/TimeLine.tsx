import * as React from 'react';
import { useTools } from '../../ui/tools';
import type { Reply } from '../useAsk';

/** How long an answer took, and the batch that it rode in; as far as the server says. */
export function TimeLine({ reply: { timing, ms } }: { readonly reply: Reply }): React.JSX.Element {
  const { trans, numbers } = useTools();
  const round = trans.__('%1 there and back', numbers.milliseconds(ms));
  if (timing === null || (timing.queueMs === null && timing.runMs === null)) {
    return <p className="jp-tfs-small jp-tfs-muted">{round}</p>;
  }
  const { queueMs, runMs, batch } = timing;
  const parts = [
    numbers.milliseconds((queueMs ?? 0) + (runMs ?? 0)),
    ...(batch === null
      ? []
      : [batch > 1 ? trans.__('rode in a batch of %1', batch) : trans.__('rode alone')]),
  ];
  const details = trans.__(
    '%1 waiting, %2 running; %3',
    numbers.milliseconds(queueMs ?? 0),
    numbers.milliseconds(runMs ?? 0),
    round,
  );
  return (
    <p className="jp-tfs-small jp-tfs-muted" title={details}>
      {parts.join(' · ')}
    </p>
  );
}
