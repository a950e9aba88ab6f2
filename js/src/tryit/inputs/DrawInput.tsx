import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { Canvas } from '../Canvas';
import { scaled } from '../picture/range';
import { listed, type SizedFrame } from '../picture/shape';
import { RangeChoice, useRange } from './RangeChoice';

interface Props {
  readonly model: string;
  readonly tensor: Tensor;
  readonly frame: SizedFrame;
  /** Undefined when nothing is drawn any more. */
  readonly onGiven: (value: unknown) => void;
}

/** A canvas whose drawing is the value of an input. */
export function DrawInput({ model, tensor, frame, onGiven }: Props): React.JSX.Element {
  const [pixels, setPixels] = React.useState<Float32Array | null>(null);
  const [range, choose] = useRange(model, tensor, frame);
  const give = React.useRef(onGiven);
  give.current = onGiven;
  const { rows, columns, channels } = frame;
  React.useEffect(() => {
    if (pixels) {
      const one = scaled(pixels, range);
      const values = channels === 3 ? one.flatMap((each) => [each, each, each]) : one;
      const isBlank = !pixels.some((each) => each > 0);
      give.current(isBlank ? undefined : listed(values, frame, rows, columns));
    }
  }, [pixels, range, frame, rows, columns, channels]);
  return (
    <Canvas
      size={[rows, columns]}
      max={range.high}
      label={tensor.name}
      onPixels={setPixels}
      range={<RangeChoice tensor={tensor} range={range} onChoose={choose} />}
    />
  );
}
