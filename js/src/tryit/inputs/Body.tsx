import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import { frameOf, sized } from '../picture/shape';
import { CsvInput } from './CsvInput';
import { DrawInput } from './DrawInput';
import { FileInput } from './FileInput';
import { keyOf, type Feed } from './form';
import { JsonInput } from './JsonInput';
import { UploadInput } from './UploadInput';
import type { Way } from './ways';

interface Props {
  readonly model: string;
  readonly tensor: Tensor;
  readonly feed: Feed;
  readonly texts: Readonly<Record<string, string>>;
  readonly onText: (way: Way, text: string) => void;
  readonly onGiven: (way: Way, value: unknown) => void;
}

/**
 * An input in the way that is chosen. The others that were used stay, out of sight, with all that
 * is in them.
 */
export function Body({ model, tensor, feed, texts, onText, onGiven }: Props): React.JSX.Element {
  const { trans } = useTools();
  const { way } = feed;
  const used = React.useRef(new Set<Way>());
  used.current.add(way);
  const frame = React.useMemo(() => frameOf(tensor), [tensor]);
  const full = React.useMemo(() => sized(frame), [frame]);
  const alone = React.useMemo(() => [tensor], [tensor]);
  const given = (by: Way) => (value: unknown) => onGiven(by, value);
  const views: Readonly<Partial<Record<Way, React.ReactNode>>> = {
    draw: full && <DrawInput model={model} tensor={tensor} frame={full} onGiven={given('draw')} />,
    upload: frame && (
      <UploadInput model={model} tensor={tensor} frame={frame} onGiven={given('upload')} />
    ),
    file: <FileInput tensor={tensor} onGiven={given('file')} />,
    csv: (
      <CsvInput
        title={trans.__('%1, a row of a table', tensor.name)}
        tensors={alone}
        onRow={(values) => onGiven('csv', values[tensor.name])}
      />
    ),
    json: (
      <JsonInput
        tensor={tensor}
        feed={way === 'json' ? feed : { ...feed, problem: '' }}
        text={texts[keyOf('json', tensor.name)] ?? ''}
        onChange={(text) => onText('json', text)}
      />
    ),
  };
  const isPushed = way !== 'json' && feed.problem !== '';
  return (
    <div className="jp-tfs-Body" data-way={way}>
      {[...used.current].map((each) => (
        <div key={each} hidden={each !== way}>
          {views[each]}
        </div>
      ))}
      {isPushed && <p className="jp-tfs-Error jp-tfs-small jp-tfs-wrap">{feed.problem}</p>}
    </div>
  );
}
