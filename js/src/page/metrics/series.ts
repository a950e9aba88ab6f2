/** Lines of a chart in a square of 100 by 100, and what they say at a moment. */

export interface Spot {
  readonly at: number;
  /** Null where nothing is known: a gap, never a zero. */
  readonly value: number | null;
}

export interface Series {
  readonly label: string;
  /** How the line is drawn: a class of panel.css. */
  readonly kind: string;
  /** The colour of its name. */
  readonly colour: string;
  readonly spots: readonly Spot[];
}

/** The time that a chart shows: `seconds` until `end`, with a value each `step` seconds. */
export interface Frame {
  readonly end: number;
  readonly seconds: number;
  readonly step: number;
}

const GAP_STEPS = 1.75;

export function highestOf(series: readonly Series[]): number {
  return Math.max(0, ...series.flatMap((each) => each.spots.map((spot) => spot.value ?? 0)));
}

export function pathOf(spots: readonly Spot[], frame: Frame, top: number): string {
  let path = '';
  let last: number | null = null;
  for (const { at, value } of spots) {
    if (value === null || at < frame.end - frame.seconds) {
      last = null;
      continue;
    }
    const x = xOf(at, frame);
    const y = 100 * (1 - value / top);
    const joins = last !== null && at - last < GAP_STEPS * frame.step;
    const place = `${x.toFixed(2)} ${y.toFixed(2)}`;
    path += joins ? `L${place}` : `M${place}h0`; // a value alone is a dot
    last = at;
  }
  return path;
}

/** Where a moment is, from 0 at the left to 100 now. */
export function xOf(at: number, { end, seconds }: Frame): number {
  return 100 * (1 - (end - at) / seconds);
}

/** The value nearest to a moment, if there is one within a step. */
export function valueAt({ spots }: Series, at: number, { step }: Frame): number | null {
  let best: Spot | null = null;
  for (const spot of spots) {
    if (best === null || Math.abs(spot.at - at) < Math.abs(best.at - at)) {
      best = spot;
    }
  }
  return best && Math.abs(best.at - at) <= step * 0.75 ? best.value : null;
}

/** What the lines say now, together; null where none says anything. */
export function sumOfEnds(series: readonly Series[]): number | null {
  const ends = series.flatMap(({ spots }) => spots.at(-1)?.value ?? []);
  return ends.length === 0 ? null : ends.reduce((sum, value) => sum + value);
}

const APART_PERCENT = 11;

export interface End {
  readonly label: string;
  readonly colour: string;
  readonly value: number | null;
  readonly percent: number;
}

/** Where the names of the lines stand: at their ends, but not on each other, nor above the chart. */
export function endsOf(series: readonly Series[], top: number): readonly End[] {
  const ends = series
    .map(({ label, colour, spots }) => ({ label, colour, value: spots.at(-1)?.value ?? null }))
    .reverse() // of those that are equal the first stands highest
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
  let free = -APART_PERCENT;
  const up = ends.map(({ value }) => {
    free = Math.max((100 * (value ?? 0)) / top, free + APART_PERCENT);
    return free;
  });
  let roof = 100 + APART_PERCENT;
  return ends
    .map((end, index) => ({ end, percent: up[index] ?? 0 }))
    .reverse()
    .map(({ end, percent }) => {
      roof = Math.min(percent, roof - APART_PERCENT);
      return { ...end, percent: roof };
    })
    .reverse();
}
