import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import { rangeFor, rangesFor, rangeText, type Range } from '../picture/range';
import type { Frame } from '../picture/shape';
import { useRemembered } from '../remembered';

/** What black and white are to an input, as chosen here before. */
export function useRange(
  model: string,
  tensor: Tensor,
  frame: Frame,
): readonly [Range, (text: string) => void] {
  const first = rangeFor(tensor, frame);
  const [text, choose] = useRemembered(`range ${model} ${tensor.name}`, rangeText(first));
  const range = rangesFor(tensor).find((each) => rangeText(each) === text) ?? first;
  return [range, choose];
}

interface Props {
  readonly tensor: Tensor;
  readonly range: Range;
  readonly onChoose: (text: string) => void;
}

export function RangeChoice({ tensor, range, onChoose }: Props): React.JSX.Element {
  const { trans } = useTools();
  const ranges = rangesFor(tensor);
  if (ranges.length < 2) {
    return <>{rangeText(range)}</>;
  }
  return (
    <select
      className="jp-tfs-Input jp-mod-tiny"
      aria-label={trans.__('Range of %1', tensor.name)}
      value={rangeText(range)}
      onChange={(event) => onChoose(event.target.value)}
    >
      {ranges.map((each) => (
        <option key={each.low + each.high}>{rangeText(each)}</option>
      ))}
    </select>
  );
}
