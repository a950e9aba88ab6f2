/** Grey of colours, and black on white turned round where a model learnt from white on black. */

import type { Grid } from './resize';

const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;
const SMALL = 64;

/** As loud as people see it (ITU-R BT.601, which Pillow and TensorFlow use). */
export function grey({ values, rows, columns, channels }: Grid): Grid {
  if (channels === 1) {
    return { values, rows, columns, channels };
  }
  const one = new Float32Array(rows * columns);
  one.forEach((_, place) => {
    const [red = 0, green = 0, blue = 0] = values.subarray(place * 3, place * 3 + 3);
    one[place] = RED * red + GREEN * green + BLUE * blue;
  });
  return { values: one, rows, columns, channels: 1 };
}

export function inverted(grid: Grid): Grid {
  return { ...grid, values: grid.values.map((value) => 1 - value) };
}

/** Whether a picture looks like ink on paper: small, and bright all around. */
export function isOnPaper({ values, rows, columns, channels }: Grid): boolean {
  if (channels !== 1 || Math.max(rows, columns) > SMALL) {
    return false;
  }
  let [sum, count] = [0, 0];
  values.forEach((value, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    if (row === 0 || column === 0 || row === rows - 1 || column === columns - 1) {
      sum += value;
      count += 1;
    }
  });
  return sum / count > 0.5;
}
