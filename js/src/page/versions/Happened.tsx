import * as React from 'react';
import type { Model } from '../../api/entries';
import type { Snapshot } from '../../store/snapshot';
import { useTools } from '../../ui/tools';

const MOST = 12;

/** What happened to a model of late, the newest first; its name is above. */
export function Happened(props: {
  readonly known: Snapshot;
  readonly model: Model;
}): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const { known, model } = props;
  const events = known.happened
    .filter((each) => each.model === model.name)
    .slice(-MOST)
    .reverse();
  return events.length === 0 ? null : (
    <section>
      <h2>{trans.__('What happened')}</h2>
      <ul className="jp-tfs-Happened">
        {events.map((each, index) => (
          <li key={`${each.at} ${index}`}>
            <time title={numbers.moment(each.at - known.skew)}>
              {numbers.clock(each.at - known.skew)}
            </time>
            <span>{each.text.replace(` of ${model.name}`, '')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
