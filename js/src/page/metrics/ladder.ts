/** The tops of axes: fixed steps, so that a line does not jump with each value. */

const LADDER = [1, 1.5, 2, 3, 5, 8, 10];
const THIRDS = [1.5, 3];
const SHRINKS_AFTER_S = 30;

/** The first step that holds a value. */
export function stepFor(value: number): number {
  if (!(value > 0)) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  const step = LADDER.find((each) => value <= each * power) ?? 15;
  return Number((step * power).toPrecision(2));
}

/** In how many parts the lines of the grid cut an axis with this top, so that they are round. */
export function partsOf(top: number): number {
  const power = 10 ** Math.floor(Math.log10(top) + 1e-9);
  return THIRDS.some((each) => Math.abs(each - top / power) < 1e-6) ? 3 : 2;
}

export interface Axis {
  readonly top: number;
  /** When a value last needed all of it. */
  readonly neededAt: number;
}

/** An axis grows at once, and shrinks when nothing has needed its height for a while. */
export function nextAxis(held: Axis | null, highest: number, now: number): Axis {
  const top = stepFor(highest);
  if (held === null || top >= held.top || now - held.neededAt >= SHRINKS_AFTER_S) {
    return { top, neededAt: now };
  }
  return held;
}
