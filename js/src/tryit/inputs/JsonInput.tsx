import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import type { Feed } from './form';

const MOST_LINES = 16;

interface Props {
  readonly tensor: Tensor;
  readonly text: string;
  readonly feed: Feed;
  readonly onChange: (text: string) => void;
}

/** A tensor as JSON; what is wrong with it is said as it is typed. */
export function JsonInput({ tensor, text, feed, onChange }: Props): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  const about = tensor.type === 'any' ? '' : ` · ${tensor.type} ${tensor.shape}`;
  return (
    <div className="jp-tfs-Field">
      <label htmlFor={id}>
        {trans.__('%1, as JSON', tensor.name)}
        {about}
      </label>
      <textarea
        id={id}
        className="jp-tfs-Input"
        rows={Math.min(MOST_LINES, Math.max(3, text.split('\n').length))}
        spellCheck={false}
        wrap="off"
        value={text}
        aria-invalid={feed.problem !== ''}
        aria-describedby={`${id}-problem`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-problem`} className="jp-tfs-Error jp-tfs-small jp-tfs-wrap" role="status">
        {feed.problem}
      </p>
    </div>
  );
}
