/** Other sizes of a picture: each new pixel is the mean of what it covers, however large that is. */

export interface Grid {
  /** Row by row, the channels of a pixel beside each other. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

interface Share {
  readonly index: number;
  readonly weight: number;
}

export function resized(grid: Grid, rows: number, columns: number): Grid {
  if (grid.rows === rows && grid.columns === columns) {
    return grid;
  }
  const { channels } = grid;
  const across = sharesOf(grid.columns, columns);
  const down = sharesOf(grid.rows, rows);
  const narrow = new Float32Array(grid.rows * columns * channels);
  for (let row = 0; row < grid.rows; row += 1) {
    across.forEach((shares, column) => {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (const { index, weight } of shares) {
          sum += weight * (grid.values[(row * grid.columns + index) * channels + channel] ?? 0);
        }
        narrow[(row * columns + column) * channels + channel] = sum;
      }
    });
  }
  const values = new Float32Array(rows * columns * channels);
  const width = columns * channels;
  down.forEach((shares, row) => {
    for (let place = 0; place < width; place += 1) {
      let sum = 0;
      for (const { index, weight } of shares) {
        sum += weight * (narrow[index * width + place] ?? 0);
      }
      values[row * width + place] = sum;
    }
  });
  return { values, rows, columns, channels };
}

/** Which old pixels make each new one: their means where it gets smaller, lines between elsewhere. */
function sharesOf(before: number, after: number): readonly (readonly Share[])[] {
  const step = before / after;
  return Array.from({ length: after }, (_, index) =>
    step >= 1
      ? covered(index * step, (index + 1) * step)
      : between((index + 0.5) * step - 0.5, before),
  );
}

function covered(from: number, to: number): readonly Share[] {
  const shares: Share[] = [];
  for (let index = Math.floor(from); index < to - 1e-9; index += 1) {
    const part = Math.min(to, index + 1) - Math.max(from, index);
    shares.push({ index, weight: part / (to - from) });
  }
  return shares;
}

function between(place: number, size: number): readonly Share[] {
  const low = Math.floor(place);
  const part = place - low;
  const inside = (index: number): number => Math.min(size - 1, Math.max(0, index));
  return [
    { index: inside(low), weight: 1 - part },
    { index: inside(low + 1), weight: part },
  ];
}
