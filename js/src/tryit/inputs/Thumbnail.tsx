import * as React from 'react';
import { Pixels } from '../drawing/Pixels';
import type { Grid } from '../picture/resize';

const SIDE = 48;
const MOST_PATHS = 64;

/** What a model gets, small: in the ink of the theme if it is small and grey, else as it is. */
export function Thumbnail({ grid, label }: { readonly grid: Grid; readonly label: string }) {
  const { rows, columns, channels, values } = grid;
  if (channels === 1 && Math.max(rows, columns) <= MOST_PATHS) {
    return <Pixels pixels={values} rows={rows} columns={columns} label={label} />;
  }
  return <Coloured grid={grid} label={label} />;
}

function Coloured({ grid, label }: { readonly grid: Grid; readonly label: string }) {
  const { rows, columns, channels, values } = grid;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  React.useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) {
      const image = context.createImageData(columns, rows);
      for (let place = 0; place < rows * columns; place += 1) {
        for (let colour = 0; colour < 3; colour += 1) {
          const value = values[place * channels + (channels === 3 ? colour : 0)] ?? 0;
          image.data[place * 4 + colour] = value * 255;
        }
        image.data[place * 4 + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    }
  }, [values, rows, columns, channels]);
  const scale = SIDE / Math.max(rows, columns);
  return (
    <canvas
      ref={canvas}
      className="jp-tfs-Pixels"
      width={columns}
      height={rows}
      style={{ width: columns * scale, height: rows * scale }}
      role="img"
      aria-label={label}
    />
  );
}
