import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import type { Feed } from './form';

interface Props {
  readonly tensor: Tensor;
  readonly text: string;
  readonly feed: Feed;
  readonly onChange: (text: string) => void;
  readonly id: string;
}

/** A single number, text or truth value. */
export function ValueInput({ tensor, text, feed, onChange, id }: Props): React.JSX.Element {
  const { trans } = useTools();
  const described = feed.problem === '' ? {} : { 'aria-describedby': `${id}-problem` };
  const about = `${tensor.type} ${tensor.shape}`;
  if (tensor.type === 'bool') {
    return (
      <select
        id={id}
        className="jp-tfs-Input jp-mod-small"
        title={about}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{tensor.isOptional ? trans.__('default') : trans.__('choose')}</option>
        <option>true</option>
        <option>false</option>
      </select>
    );
  }
  const isNumber = tensor.type !== 'string';
  return (
    <input
      id={id}
      className={`jp-tfs-Input jp-mod-small ${isNumber ? 'jp-tfs-num jp-mod-number' : 'jp-mod-text'}`}
      inputMode={isNumber ? 'decimal' : 'text'}
      title={about}
      spellCheck={false}
      autoComplete="off"
      value={text}
      placeholder={tensor.isOptional ? (tensor.default ?? trans.__('default')) : ''}
      aria-invalid={feed.problem !== ''}
      {...described}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
