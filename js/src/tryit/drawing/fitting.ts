/**
 * Makes a drawing into a picture as those that models learn from are made: what is drawn is moved to
 * the middle and brought to one size, wherever and however large it was drawn. The pen does not grow
 * with it, since strokes are lines until the last.
 */

import { inked, type Placing } from './ink';
import { ERASER, isEmpty, PEN, WIDTH, type Drawing } from './strokes';

const LOOK = 112;
const MOST_ENLARGED = 4;
const MIDDLE = 0.5;
/** In pixels: the strokes of scanned digits of 8 x 8 are wider than a hair. */
const LEAST_PEN = 1.3;

export interface Fit {
  /** How much of the picture the drawing fills. */
  readonly part: number;
  /** What comes to lie in the middle: that of its bounds, or where most ink is. */
  readonly middle: 'bounds' | 'mass';
}

export type FitName = 'filled' | 'centred' | 'mnist' | 'asDrawn';

/** How drawings are brought to what a model has learnt from; null leaves them as they are. */
export const FITS: Readonly<Record<FitName, Fit | null>> = {
  filled: { part: 1, middle: 'bounds' },
  centred: { part: 24 / 28, middle: 'bounds' },
  mnist: { part: 20 / 28, middle: 'mass' },
  asDrawn: null,
};

/**
 * The one to begin with. Scans of 8 x 8, like scikit-learn's, have no margin; larger pictures of
 * digits have one that differs, and in between is what models for either of them recognise.
 */
export function fitFor(rows: number, columns: number): FitName {
  return Math.min(rows, columns) < 20 ? 'filled' : 'centred';
}

/** The picture of a drawing; `fit` null leaves everything where it was drawn. */
export function pictured(
  drawing: Drawing,
  rows: number,
  columns: number,
  fit: Fit | null,
): Float32Array {
  const { base, strokes } = drawing;
  const straight = asDrawn(columns);
  const bounds = fit && !base && !isEmpty(drawing) ? boundsOf(drawing, rows, columns) : null;
  if (!fit || !bounds) {
    return inked(base, strokes, straight, rows, columns);
  }
  const pen = Math.max(straight.pen, LEAST_PEN);
  const placing = placedBy(bounds, fit, { ...straight, pen }, rows, columns);
  const first = inked(null, strokes, placing, rows, columns);
  if (fit.middle === 'bounds') {
    return first;
  }
  const { x, y } = massOf(first, columns);
  const moved = {
    ...placing,
    left: placing.left + columns * MIDDLE - x,
    top: placing.top + rows * MIDDLE - y,
  };
  return inked(null, strokes, moved, rows, columns);
}

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function asDrawn(columns: number): Placing {
  const scale = columns / WIDTH;
  return { scale, left: 0, top: 0, pen: PEN * scale, eraser: ERASER * scale };
}

/** What is left of the ink, without the pen's half width around it; null where all is erased. */
function boundsOf({ strokes }: Drawing, rows: number, columns: number): Bounds | null {
  const height = Math.max(1, Math.round((LOOK * rows) / columns));
  const seen = inked(null, strokes, asDrawn(LOOK), height, LOOK);
  let [left, top, right, bottom] = [LOOK, height, -1, -1];
  seen.forEach((value, place) => {
    if (value > MIDDLE) {
      const [row, column] = [Math.floor(place / LOOK), place % LOOK];
      [left, right] = [Math.min(left, column), Math.max(right, column)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    }
  });
  if (right < 0) {
    return null;
  }
  const unit = WIDTH / LOOK;
  const inner = (low: number, high: number): readonly [number, number] => {
    const middle = ((low + high + 1) * unit) / 2;
    const half = Math.max(0, (high + 1 - low) * unit - PEN) / 2;
    return [middle - half, middle + half];
  };
  const [x, y] = [inner(left, right), inner(top, bottom)];
  return { left: x[0], right: x[1], top: y[0], bottom: y[1] };
}

function placedBy(
  { left, top, right, bottom }: Bounds,
  { part }: Fit,
  straight: Placing,
  rows: number,
  columns: number,
): Placing {
  const [width, height] = [columns * part - straight.pen, rows * part - straight.pen];
  const most = straight.scale * MOST_ENLARGED;
  const scale = Math.min(most, width / (right - left), height / (bottom - top));
  return {
    scale,
    left: columns / 2 - ((left + right) / 2) * scale,
    top: rows / 2 - ((top + bottom) / 2) * scale,
    pen: straight.pen,
    eraser: ERASER * scale,
  };
}

function massOf(pixels: Float32Array, columns: number): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  pixels.forEach((value, place) => {
    sum += value;
    x += value * ((place % columns) + MIDDLE);
    y += value * (Math.floor(place / columns) + MIDDLE);
  });
  return { x: x / sum, y: y / sum };
}
