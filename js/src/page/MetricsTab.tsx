import * as React from 'react';
import type { Model, Sample, VersionSample } from '../api/entries';
import { NOTHING } from '../format/numbers';
import { keyOf, type Snapshot } from '../store/snapshot';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { Chart } from './Chart';
import { spotsOf, type Series } from './series';

interface Props {
  readonly known: Snapshot;
  readonly model: Model;
}

type Fact = (sample: VersionSample) => number | null;

/** The last minute of a model, by version. */
export function MetricsTab({ known, model }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [held, setHeld] = React.useState<readonly Sample[] | null>(null);
  const samples = held ?? known.samples;
  const end = samples.at(-1)?.at ?? 0;
  const versions = versionsIn(samples, model);
  const line = (fact: Fact, absent: number | null): readonly Series[] =>
    versions.map((version) => ({
      label: String(version),
      ...looksOf(known.colours.get(keyOf(model.name, version))),
      spots: spotsOf(samples, model.name, version, fact, absent),
    }));
  const last = samples.at(-1)?.versions.filter((each) => each.name === model.name) ?? [];
  const sum = (fact: (sample: VersionSample) => number): number =>
    last.reduce((total, each) => total + fact(each), 0);
  const slowest = Math.max(...last.map((each) => each.p99_ms ?? -1), -1);
  const isQuiet = !samples.some(({ versions: all }) => all.some(({ name }) => name === model.name));
  const count = (value: number): string => numbers.count(value);
  const time = (value: number): string => numbers.milliseconds(value);
  const timeOnAxis = (value: number): string => `${numbers.count(value)}\u00a0ms`;
  return (
    <div className="jp-tfs-Pane">
      <div className="jp-tfs-line">
        <span className="jp-tfs-muted">
          {isQuiet ? trans.__('No requests in the last minute.') : trans.__('The last minute')}
        </span>
        <span className="jp-tfs-actions">
          <span className="jp-tfs-muted jp-tfs-small">
            {held ? trans.__('held at %1', numbers.clock(end)) : trans.__('every second')}
          </span>
          <Button onClick={() => setHeld(held ? null : known.samples)}>
            {held ? trans.__('Go on') : trans.__('Pause')}
          </Button>
        </span>
      </div>
      <div className="jp-tfs-Charts">
        <Chart
          title={trans.__('Requests')}
          series={line((each) => each.per_second, 0)}
          end={end}
          summary={numbers.rate(sum((each) => each.per_second))}
          text={count}
        />
        <Chart
          title={trans.__('Latency, p99')}
          series={line((each) => each.p99_ms, null)}
          end={end}
          summary={slowest < 0 ? NOTHING : numbers.milliseconds(slowest)}
          text={time}
          axis={timeOnAxis}
        />
        <Chart
          title={trans.__('Latency, p50')}
          series={line((each) => each.p50_ms, null)}
          end={end}
          summary={medianOf(last, time)}
          text={time}
          axis={timeOnAxis}
        />
        <Chart
          title={trans.__('Queue')}
          series={line((each) => each.queued, 0)}
          end={end}
          summary={trans.__('%1 waiting', count(sum((each) => each.queued)))}
          text={count}
        />
        <Chart
          title={trans.__('Rows in a batch')}
          series={line((each) => each.batch_rows, null)}
          end={end}
          summary={trans.__('mean of each second')}
          text={count}
        />
        <Chart
          title={trans.__('Errors')}
          series={line((each) => each.errors_per_second, 0)}
          end={end}
          summary={numbers.rate(sum((each) => each.errors_per_second))}
          text={count}
        />
      </div>
    </div>
  );
}

/** Versions that are loaded, or were asked in this minute; the newest first. */
function versionsIn(samples: readonly Sample[], model: Model): readonly number[] {
  const loaded = model.versions.filter(({ state }) => state === 'AVAILABLE');
  const asked = samples.flatMap(({ versions }) =>
    versions.filter(({ name }) => name === model.name).map(({ version }) => version),
  );
  return [...new Set([...loaded.map(({ version }) => version), ...asked])].sort((a, b) => b - a);
}

function looksOf(colour: number | undefined): { kind: string; colour: string } {
  return colour === undefined
    ? { kind: '', colour: 'var(--jp-tfs-muted)' }
    : { kind: `jp-mod-v${colour}`, colour: `var(--jp-tfs-v${colour})` };
}

function medianOf(last: readonly VersionSample[], text: (value: number) => string): string {
  const known = last.flatMap((each) => (each.p50_ms === null ? [] : [each.p50_ms]));
  return known.length ? known.map(text).join(', ') : NOTHING;
}
