import * as React from 'react';
import { NOTHING } from '../../format/numbers';
import { useTools } from '../../ui/tools';
import { Figure } from './Figure';
import { nextAxis, type Axis } from './ladder';
import type { Mark } from './marks';
import { Axes, Plot } from './Plot';
import { highestOf, valueAt, type Frame, type Series } from './series';
import { Table } from './Table';

export interface LineChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  readonly frame: Frame;
  /** Seconds ago of the marks below the chart. */
  readonly below: readonly number[];
  readonly marks: readonly Mark[];
  /** What stands beside the title when no moment is chosen. */
  readonly summary: string;
  readonly text: (value: number) => string;
  readonly axis: (value: number, top: number) => string;
  /** What the axis must hold besides the values, and a line where that is. */
  readonly limit?: number | undefined;
  /** Another table than that of the values. */
  readonly table?: () => React.JSX.Element;
  readonly isTableFirst?: boolean;
}

/** Lines along the time, with a moment to be chosen by pointer or arrows, and as a table. */
export function LineChart(props: LineChartProps): React.JSX.Element {
  const { title, series, frame, below, marks, summary, text, axis, limit } = props;
  const { isTableFirst = false } = props;
  const { trans, numbers } = useTools();
  const [ago, setAgo] = React.useState<number | null>(null);
  const top = useTop(Math.max(highestOf(series), limit ?? 0), frame.end);
  const at = ago === null ? null : frame.end - ago;
  const said = (each: Series, moment: number): string => {
    const value = valueAt(each, moment, frame);
    return value === null ? NOTHING : text(value);
  };
  const caption =
    at === null ? (
      summary
    ) : (
      <>
        <span className="jp-tfs-muted">{numbers.clock(at)}</span>{' '}
        {series.map((each) => [each.label, said(each, at)].filter(Boolean).join(' ')).join(' · ')}
      </>
    );
  const spoken = trans.__('%1: %2', title, summary);
  return (
    <Figure
      title={title}
      caption={caption}
      isTableFirst={isTableFirst}
      table={
        props.table ?? (() => <Numbers series={series} frame={frame} said={said} title={title} />)
      }
      chart={() => (
        <Surface frame={frame} ago={ago} setAgo={setAgo} label={spoken}>
          <Plot series={series} frame={frame} top={top} marks={marks} at={at} limit={limit} />
          <Axes {...{ series, frame, top, marks, below, text, axis }} />
        </Surface>
      )}
    />
  );
}

/** The top of the axis: it grows at once, and shrinks when nothing has needed it for a while. */
function useTop(highest: number, now: number): number {
  const held = React.useRef<Axis | null>(null);
  held.current = nextAxis(held.current, highest, now);
  return held.current.top;
}

interface SurfaceProps {
  readonly frame: Frame;
  readonly ago: number | null;
  readonly setAgo: (ago: number | null) => void;
  readonly label: string;
  readonly children: React.ReactNode;
}

/** Where a moment is chosen. */
function Surface({ frame, ago, setAgo, label, children }: SurfaceProps): React.JSX.Element {
  const { seconds, step } = frame;
  const clamped = (value: number): number =>
    Math.min(seconds, Math.max(0, Math.round(value / step) * step));
  const move = (event: React.KeyboardEvent): void => {
    const to: Readonly<Record<string, number | null>> = {
      ArrowLeft: clamped((ago ?? -step) + step),
      ArrowRight: clamped((ago ?? 0) - step),
      Home: seconds,
      End: 0,
      Escape: null,
    };
    const next = to[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAgo(next);
    }
  };
  return (
    <div
      className="jp-tfs-Chart-plot"
      role="img"
      aria-label={label}
      tabIndex={0}
      onKeyDown={move}
      onBlur={() => setAgo(null)}
      onPointerLeave={() => setAgo(null)}
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const part = (event.clientX - box.left) / box.width;
        setAgo(part < 0 || part > 1 ? null : clamped(seconds * (1 - part)));
      }}
    >
      {children}
    </div>
  );
}

interface NumbersProps {
  readonly series: readonly Series[];
  readonly frame: Frame;
  readonly title: string;
  readonly said: (series: Series, at: number) => string;
}

const MOST_ROWS = 120;

function Numbers({ series, frame, title, said }: NumbersProps): React.JSX.Element {
  const { trans, numbers } = useTools();
  const count = Math.min(MOST_ROWS, Math.floor(frame.seconds / frame.step));
  const moments = Array.from({ length: count }, (_, index) => frame.end - index * frame.step);
  return (
    <Table
      label={title}
      heads={[trans.__('Time'), ...series.map(({ label }) => label || title)]}
      rows={moments.map((at) => [numbers.clock(at), ...series.map((each) => said(each, at))])}
    />
  );
}
