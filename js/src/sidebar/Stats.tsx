import * as React from 'react';
import type { Sample } from '../api/entries';
import { NOTHING } from '../format/numbers';
import { pointOf, type Snapshot } from '../store/snapshot';
import { Spark } from '../ui/Spark';
import { useTools } from '../ui/tools';

/** Four numbers of this second, and the line of the last minute. */
export function Stats(props: {
  readonly known: Snapshot;
  readonly live: boolean;
}): React.JSX.Element {
  const { trans, numbers } = useTools();
  const { sample, points } = props.known;
  const latency = sample ? latencyOf(sample) : null;
  const perSecond = sample ? (sample.all?.per_second ?? pointOf(sample).perSecond) : null;
  const errors = points.reduce((sum, point) => sum + point.errors, 0);
  return (
    <div className={props.live ? undefined : 'jp-tfs-muted'}>
      <dl className="jp-tfs-Stats">
        <div>
          <dt>{trans.__('requests')}</dt>
          <dd>{numbers.rate(perSecond)}</dd>
        </div>
        <div
          className="jp-tfs-from280"
          title={trans.__('Half of the requests of the last second were faster')}
        >
          <dt>p50</dt>
          <dd>{numbers.milliseconds(latency?.p50)}</dd>
        </div>
        <div title={trans.__('99 of 100 requests of the last second were faster')}>
          <dt>p99</dt>
          <dd>{numbers.milliseconds(latency?.p99)}</dd>
        </div>
        <div title={trans.__('In the last minute')}>
          <dt>{trans.__('errors')}</dt>
          <dd>{sample ? numbers.count(Math.round(errors)) : NOTHING}</dd>
        </div>
      </dl>
      <Spark points={points} />
    </div>
  );
}

/**
 * What the server measured of all requests; from an older one that does not say, the median of the
 * medians, each weighed by its requests, and the worst p99.
 */
export function latencyOf(sample: Sample): {
  readonly p50: number | null;
  readonly p99: number | null;
} {
  if (sample.all) {
    return { p50: sample.all.p50_ms, p99: sample.all.p99_ms };
  }
  const medians = sample.versions
    .flatMap((each) => (each.p50_ms === null ? [] : [{ ms: each.p50_ms, weight: each.per_second }]))
    .sort((a, b) => a.ms - b.ms);
  const half = medians.reduce((sum, each) => sum + each.weight, 0) / 2;
  let passed = 0;
  const median = medians.find((each) => (passed += each.weight) >= half);
  const slowest = sample.versions.flatMap((each) => (each.p99_ms === null ? [] : [each.p99_ms]));
  return { p50: median?.ms ?? null, p99: slowest.length ? Math.max(...slowest) : null };
}
