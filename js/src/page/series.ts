/** Lines of a chart: what the samples say of the versions of a model, in the unit square. */

import type { Sample, VersionSample } from '../api/entries';
import { ceiling } from '../ui/Spark';

export const SECONDS = 60;
const GAP_S = 2.5;

export interface Spot {
  readonly at: number;
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

type Fact = (sample: VersionSample) => number | null;

/** What each sample says of one version; `absent` when nothing happened to it. */
export function spotsOf(
  samples: readonly Sample[],
  model: string,
  version: number,
  fact: Fact,
  absent: number | null,
): readonly Spot[] {
  return samples.map(({ at, versions }) => {
    const found = versions.find((each) => each.version === version && each.name === model);
    return { at, value: found ? fact(found) : absent };
  });
}

/** The top of the axis: a step of the ladder that holds all values. */
export function topOf(series: readonly Series[]): number {
  const values = series.flatMap((each) => each.spots.map((spot) => spot.value ?? 0));
  return ceiling(Math.max(0, ...values));
}

/** The path of a line in a square of 100 by 100; a gap where nothing is known. */
export function pathOf(spots: readonly Spot[], end: number, top: number): string {
  let path = '';
  let last: number | null = null;
  for (const { at, value } of spots) {
    if (value === null) {
      last = null;
      continue;
    }
    const x = 100 * (1 - (end - at) / SECONDS);
    const y = 100 * (1 - value / top);
    const joins = last !== null && at - last < GAP_S;
    path += `${joins ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`;
    last = at;
  }
  return path;
}
