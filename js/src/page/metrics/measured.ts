/** What charts are made of, whether the server kept it or this page has heard it. */

import type { ErrorCount, Happening, History, Moment, Sample } from '../../api/entries';
import type { Frame, Spot } from './series';

export interface Measured {
  readonly frame: Frame;
  /** The model, or the version that was chosen. */
  readonly moments: readonly (Moment | null)[];
  readonly byVersion: ReadonlyMap<number, readonly (Moment | null)[]>;
  /** How many batches had how many rows. */
  readonly batches: Readonly<Record<string, number>>;
  readonly errors: readonly ErrorCount[];
  readonly events: readonly Happening[];
}

type Fact = Exclude<keyof Moment, 'at'>;

/** One fact along the time. */
export function spotsOf(moments: readonly (Moment | null)[], fact: Fact): readonly Spot[] {
  return moments.flatMap((moment) =>
    moment === null ? [] : [{ at: moment.at, value: moment[fact] ?? null }],
  );
}

export function fromHistory(
  history: History,
  byVersion: ReadonlyMap<number, readonly (Moment | null)[]>,
  seconds: number,
  now: number,
): Measured {
  const last = [...history.points].reverse().find((each) => each !== null);
  // Lines of versions may be newer than what the server was asked for: they end at the edge, too.
  const heard = Math.max(0, ...[...byVersion.values()].map((moments) => moments.at(-1)?.at ?? 0));
  const end = last && now - last.at < 2.5 * history.step_s ? Math.max(last.at, heard) : now;
  return {
    frame: { end, seconds, step: history.step_s },
    moments: history.points,
    byVersion,
    batches: history.batches ?? {},
    errors: history.errors ?? [],
    events: history.events ?? [],
  };
}

/** The last minute, as this page has heard it. */
export function fromSamples(
  samples: readonly Sample[],
  model: string,
  chosen: number | null,
  versions: readonly number[],
): Measured {
  const momentsOf = (version: number): readonly Moment[] =>
    samples.map((sample) => momentOf(sample, model, [version]));
  const wanted = chosen === null ? versions : [chosen];
  return {
    frame: { end: samples.at(-1)?.at ?? 0, seconds: 60, step: 1 },
    moments: samples.map((sample) => momentOf(sample, model, wanted)),
    byVersion: new Map(wanted.map((version) => [version, momentsOf(version)])),
    batches: sumOf(samples, model, wanted, 'batches'),
    errors: Object.entries(sumOf(samples, model, wanted, 'codes')).map(([code, count]) => ({
      code,
      count,
    })),
    events: [],
  };
}

/** A second of some versions: sums, and of the percentiles the worst, which is honest for one. */
function momentOf(sample: Sample, model: string, versions: readonly number[]): Moment {
  const found = sample.versions.filter(
    (each) => each.name === model && versions.includes(each.version),
  );
  const sum = (fact: 'per_second' | 'errors_per_second' | 'queued'): number =>
    found.reduce((total, each) => total + each[fact], 0);
  const worst = (fact: 'p50_ms' | 'p90_ms' | 'p99_ms' | 'batch_rows'): number | null => {
    const values = found.flatMap((each) => each[fact] ?? []);
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    at: sample.at,
    per_second: sum('per_second'),
    errors_per_second: sum('errors_per_second'),
    p50_ms: worst('p50_ms'),
    p90_ms: worst('p90_ms'),
    p99_ms: worst('p99_ms'),
    queued: sum('queued'),
    batch_rows: worst('batch_rows'),
    rss_bytes: sample.rss_bytes,
  };
}

function sumOf(
  samples: readonly Sample[],
  model: string,
  versions: readonly number[],
  fact: 'batches' | 'codes',
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { versions: all } of samples) {
    for (const each of all) {
      if (each.name === model && versions.includes(each.version)) {
        for (const [key, count] of Object.entries(each[fact] ?? {})) {
          sums[key] = (sums[key] ?? 0) + count;
        }
      }
    }
  }
  return sums;
}

/** Buckets of batch sizes in their order, with the share of each. */
export function sharesOf(
  batches: Readonly<Record<string, number>>,
): readonly { readonly label: string; readonly count: number; readonly share: number }[] {
  const total = Object.values(batches).reduce((sum, count) => sum + count, 0);
  return Object.entries(batches)
    .sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map(([label, count]) => ({
      label: label.replace('-', '–'),
      count,
      share: total === 0 ? 0 : count / total,
    }));
}
