import * as React from 'react';
import { useTools } from '../../ui/tools';
import type { Shown } from './outputs';
import { valueText } from './Grid';

const SIDE = 192;

interface Props {
  readonly shown: Extract<Shown, { readonly kind: 'picture' }>;
}

/** An output that is a picture, from its least value to its largest. */
export function Picture({ shown: { name, pixels, frame } }: Props): React.JSX.Element {
  const { trans } = useTools();
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const { rows, columns, channels } = frame;
  const { low, high } = boundsOf(pixels);
  React.useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) {
      const image = context.createImageData(columns, rows);
      for (let place = 0; place < rows * columns; place += 1) {
        for (let colour = 0; colour < 3; colour += 1) {
          const value = pixels[place * channels + (channels === 3 ? colour : 0)] ?? low;
          image.data[place * 4 + colour] = ((value - low) / (high - low)) * 255;
        }
        image.data[place * 4 + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    }
  }, [pixels, rows, columns, channels, low, high]);
  const scale = Math.max(1, SIDE / Math.max(rows, columns));
  return (
    <figure className="jp-tfs-Field">
      <canvas
        ref={canvas}
        className="jp-tfs-Picture"
        width={columns}
        height={rows}
        style={{ width: columns * scale }}
        role="img"
        aria-label={trans.__('%1, a picture of %2 by %3 pixels', name, rows, columns)}
      />
      <figcaption className="jp-tfs-small jp-tfs-muted">
        {trans.__(
          '%1, %2 to %3',
          `${rows}\u00a0×\u00a0${columns}`,
          valueText(low),
          valueText(high),
        )}
      </figcaption>
    </figure>
  );
}

/** Of the usual ranges the one that holds all; else the least and the largest value. */
function boundsOf(pixels: readonly number[]): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low >= 0 && high <= 1) {
    return { low: 0, high: 1 };
  }
  if (low >= 0 && high <= 255 && high > 16) {
    return { low: 0, high: 255 };
  }
  return high > low ? { low, high } : { low, high: low + 1 };
}
