import * as React from 'react';
import type { Range } from '../../api/client';
import type { Model, Moment } from '../../api/entries';
import { NOTHING } from '../../format/numbers';
import { keyOf, type Snapshot } from '../../store/snapshot';
import { useTools } from '../../ui/tools';
import { bytesAxis, countAxis, timeAxis } from './axes';
import { BatchChart } from './BatchChart';
import { ErrorsChart } from './ErrorsChart';
import { LineChart } from './LineChart';
import { marksOf } from './marks';
import { spotsOf, type Measured } from './measured';
import { sumOfEnds, type Series } from './series';
import { SPANS } from './span';

interface Props {
  readonly known: Snapshot;
  readonly model: Model;
  readonly chosen: number | null;
  readonly range: Range;
  readonly measured: Measured;
  readonly versions: readonly number[];
}

const PLAIN = { kind: '', colour: 'var(--jp-tfs-muted)' };
const STRONG = { kind: 'jp-mod-strong', colour: 'var(--jp-tfs-text)' };
const LIMIT_MATTERS_FROM = 0.25;

/** One chart for each question: how much, how fast, how many at once, how many wait, what it costs. */
export function Charts(props: Props): React.JSX.Element {
  const { model, chosen, range, measured, versions } = props;
  const { trans, numbers } = useTools();
  const { frame, moments } = measured;
  const marks = marksOf(measured.events, model.name, chosen, frame);
  const length = range === '1m' ? trans.__('minute') : numbers.duration(frame.seconds);
  const shared = { frame, marks, below: SPANS[range].marks };
  const count = countAxis(numbers);
  const text = (value: number): string => numbers.count(value);
  const last = lastOf(moments);
  const rates = ratesOf(props);
  const errors = one('', spotsOf(moments, 'errors_per_second'));
  return (
    <div className="jp-tfs-Charts">
      <LineChart
        {...shared}
        title={trans.__('Requests')}
        series={rates}
        summary={numbers.rate(sumOfEnds(rates))}
        text={(value) => numbers.rate(value)}
        axis={count}
      />
      <LineChart
        {...shared}
        title={trans.__('Latency')}
        series={latenciesOf(moments)}
        summary={last?.p99_ms == null ? NOTHING : `p99 ${numbers.milliseconds(last.p99_ms)}`}
        text={(value) => numbers.milliseconds(value)}
        axis={timeAxis(numbers)}
      />
      <BatchChart batches={measured.batches} mean={meanOf(moments)} />
      <LineChart
        {...shared}
        title={trans.__('Queue')}
        series={one('', spotsOf(moments, 'queued'))}
        summary={trans.__('%1 waiting', last?.queued == null ? NOTHING : text(last.queued))}
        text={(value) => trans.__('%1 waiting', text(value))}
        axis={count}
      />
      <MemoryChart {...props} shared={shared} />
      <ErrorsChart
        {...shared}
        series={errors}
        errors={measured.errors}
        length={length}
        text={(value) => numbers.rate(value)}
        axis={count}
      />
      {versions.length === 0 && (
        <p className="jp-tfs-muted">{trans.__('No version of this model is loaded.')}</p>
      )}
    </div>
  );
}

function MemoryChart(
  props: Props & {
    readonly shared: Pick<React.ComponentProps<typeof LineChart>, 'frame' | 'marks' | 'below'>;
  },
): React.JSX.Element {
  const { known, measured, shared } = props;
  const { trans, numbers } = useTools();
  const used = lastOf(measured.moments)?.rss_bytes ?? null;
  const limit = known.server?.memory_limit_bytes ?? null;
  const summary =
    limit === null || used === null
      ? numbers.bytes(used)
      : trans.__('%1 of %2', numbers.bytes(used), numbers.bytes(limit));
  const matters = limit !== null && used !== null && used >= limit * LIMIT_MATTERS_FROM;
  return (
    <LineChart
      {...shared}
      title={trans.__('Memory')}
      series={one('', spotsOf(measured.moments, 'rss_bytes'))}
      summary={summary}
      text={(value) => numbers.bytes(value)}
      axis={bytesAxis(numbers)}
      limit={matters ? limit : undefined}
    />
  );
}

/** One line a version, or only that of the version that was chosen. */
function ratesOf({ known, model, measured, versions }: Props): readonly Series[] {
  return versions.map((version) => ({
    label: String(version),
    ...looksOf(known.colours.get(keyOf(model.name, version))),
    spots: spotsOf(measured.byVersion.get(version) ?? [], 'per_second'),
  }));
}

function latenciesOf(moments: readonly (Moment | null)[]): readonly Series[] {
  return [
    { label: 'p99', ...PLAIN, spots: spotsOf(moments, 'p99_ms') },
    { label: 'p90', ...PLAIN, spots: spotsOf(moments, 'p90_ms') },
    { label: 'p50', ...STRONG, spots: spotsOf(moments, 'p50_ms') },
  ];
}

function one(label: string, spots: Series['spots']): readonly Series[] {
  return [{ label, ...PLAIN, spots }];
}

function looksOf(colour: number | undefined): { kind: string; colour: string } {
  return colour === undefined
    ? PLAIN
    : { kind: `jp-mod-v${colour}`, colour: `var(--jp-tfs-v${colour})` };
}

/** The last moment, or the one before where the server has not written that one yet. */
function lastOf(moments: readonly (Moment | null)[]): Moment | null {
  return moments.at(-1) ?? moments.at(-2) ?? null;
}

/** The mean rows of a batch, each second weighed by its requests. */
function meanOf(moments: readonly (Moment | null)[]): number | null {
  let rows = 0;
  let weight = 0;
  for (const moment of moments) {
    if (moment?.batch_rows != null) {
      const requests = moment.per_second ?? 1;
      rows += moment.batch_rows * requests;
      weight += requests;
    }
  }
  return weight > 0 ? rows / weight : null;
}
