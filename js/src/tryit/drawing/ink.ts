/**
 * How much of each pixel of a picture is covered by ink, from 0 to 1.
 *
 * Strokes are drawn several times as fine as the picture; a pixel gets the mean of what it covers,
 * as a scan of paper would have it.
 */

import type { Stroke } from './strokes';

const FINENESS = 112;
const LARGE = 128;

/** Where strokes come to lie; all but the first in pixels of the picture. */
export interface Placing {
  /** Pixels for each unit of the canvas. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly pen: number;
  readonly eraser: number;
}

interface Grid {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Draw over what there is, row by row; nothing else changes. */
export function inked(
  base: Float32Array | null,
  strokes: readonly Stroke[],
  placing: Placing,
  rows: number,
  columns: number,
): Float32Array {
  const longest = Math.max(rows, columns);
  const times = longest > LARGE ? 2 : Math.max(4, Math.ceil(FINENESS / longest));
  const fine = enlarged(base, rows, columns, times);
  for (const { tool, points } of strokes) {
    const width = tool === 'pen' ? placing.pen : placing.eraser;
    const places = points.map(
      (each, index) => (each * placing.scale + (index % 2 ? placing.top : placing.left)) * times,
    );
    draw(fine, places, (width * times) / 2, tool === 'pen');
  }
  return means(fine, times);
}

function enlarged(base: Float32Array | null, rows: number, columns: number, times: number): Grid {
  const fine = { rows: rows * times, columns: columns * times };
  const values = new Float32Array(fine.rows * fine.columns);
  if (base) {
    for (let place = 0; place < values.length; place += 1) {
      const row = Math.floor(place / fine.columns / times);
      const column = Math.floor((place % fine.columns) / times);
      values[place] = base[row * columns + column] ?? 0;
    }
  }
  return { values, ...fine };
}

function draw(grid: Grid, points: readonly number[], radius: number, isInk: boolean): void {
  for (let index = 0; index + 1 < points.length; index += 2) {
    const from = Math.max(0, index - 2);
    const [x0 = 0, y0 = 0] = points.slice(from, from + 2);
    const [x1 = 0, y1 = 0] = points.slice(index, index + 2);
    drawLine(grid, [x0, y0, x1, y1], radius, isInk);
  }
}

function drawLine(
  { values, rows, columns }: Grid,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  radius: number,
  isInk: boolean,
): void {
  const reach = radius + 1;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const lastRow = Math.min(rows - 1, Math.ceil(Math.max(y0, y1) + reach));
  const lastColumn = Math.min(columns - 1, Math.ceil(Math.max(x0, x1) + reach));
  const firstColumn = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  for (let row = Math.max(0, Math.floor(Math.min(y0, y1) - reach)); row <= lastRow; row += 1) {
    for (let column = firstColumn; column <= lastColumn; column += 1) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / length));
      const distance = Math.hypot(x - along * dx, y - along * dy);
      const cover = Math.min(1, Math.max(0, radius - distance + 0.5));
      const place = row * columns + column;
      const before = values[place] ?? 0;
      values[place] = isInk ? Math.max(before, cover) : before * (1 - cover);
    }
  }
}

function means({ values, rows, columns }: Grid, times: number): Float32Array {
  const width = columns / times;
  const found = new Float32Array((rows / times) * width);
  for (let row = 0; row < rows; row += 1) {
    const start = Math.floor(row / times) * width;
    for (let column = 0; column < columns; column += 1) {
      const place = start + Math.floor(column / times);
      found[place] = (found[place] ?? 0) + (values[row * columns + column] ?? 0);
    }
  }
  return found.map((sum) => Math.min(1, sum / (times * times)));
}
