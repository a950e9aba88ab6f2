import * as React from 'react';
import type { Model } from '../api/entries';
import { Canvas } from './Canvas';
import type { Sent } from './TryIt';

export interface DrawProps {
  readonly model: Model;
  readonly signature?: string;
  /** Rows and columns, where the signature leaves them open. */
  readonly size?: readonly [number, number];
  /** What ink is in what the model gets, like 1, 16 or 255. */
  readonly max?: number;
  /** Whom to ask at first: versions, labels, `newest` or `all`, which it is without. */
  readonly targets?: readonly string[];
  readonly compact?: boolean;
  readonly onPixels?: (pixels: Float32Array, ended: boolean) => void;
  readonly onRequest?: (sent: Sent) => void;
}

/** A canvas, and beside it what versions make of the drawing while it comes to be. */
export function DrawAndAsk(props: DrawProps): React.JSX.Element {
  const { size = [28, 28], max = 1, onPixels } = props;
  return (
    <div className="jp-tfs-Try">
      <Canvas
        size={size}
        max={max}
        label={props.model.name}
        {...(onPixels === undefined ? {} : { onPixels })}
      />
    </div>
  );
}
