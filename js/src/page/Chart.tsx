import { listIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { NOTHING } from '../format/numbers';
import { IconButton } from '../ui/Button';
import { useTools } from '../ui/tools';
import { pathOf, SECONDS, topOf, type Series } from './series';

interface Props {
  readonly title: string;
  readonly series: readonly Series[];
  readonly end: number;
  /** What stands beside the title when no moment is chosen. */
  readonly summary: string;
  readonly text: (value: number) => string;
  /** How a value is written on the axis, if otherwise. */
  readonly axis?: (value: number) => string;
}

/** Lines of the last minute, with a moment to be chosen by pointer or arrows, and as a table. */
export function Chart({
  title,
  series,
  end,
  summary,
  text,
  axis = text,
}: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [asTable, setAsTable] = React.useState(false);
  const [ago, setAgo] = React.useState<number | null>(null);
  const top = topOf(series);
  const valueAt = (each: Series, seconds: number): string => {
    const spot = each.spots.find(({ at }) => Math.abs(end - seconds - at) < 0.75);
    return spot?.value == null ? NOTHING : text(spot.value);
  };
  const caption =
    ago === null
      ? summary
      : [
          numbers.clock(end - ago),
          ...series.map((each) => `${each.label} ${valueAt(each, ago)}`),
        ].join(' · ');
  const move = (event: React.KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: 1, ArrowRight: -1 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAgo(Math.min(SECONDS, Math.max(0, (ago ?? 0) + step)));
    } else if (event.key === 'Escape') {
      setAgo(null);
    }
  };
  return (
    <figure className="jp-tfs-Chart">
      <figcaption>
        <h2>{title}</h2>
        <span className={ago === null ? undefined : 'jp-tfs-muted'}>{caption}</span>
        <IconButton
          icon={listIcon}
          label={asTable ? trans.__('Show as chart') : trans.__('Show as table')}
          pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        />
      </figcaption>
      {asTable ? (
        <ChartTable series={series} end={end} valueAt={valueAt} title={title} />
      ) : (
        <div
          className="jp-tfs-Chart-plot"
          style={{ '--gutter': '76px' } as React.CSSProperties}
          role="img"
          aria-label={trans.__('%1 in the last minute: %2', title, summary)}
          tabIndex={0}
          onKeyDown={move}
          onBlur={() => setAgo(null)}
          onPointerLeave={() => setAgo(null)}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const part = (event.clientX - box.left) / box.width;
            setAgo(part < 0 || part > 1 ? null : Math.round(SECONDS * (1 - part)));
          }}
        >
          <Plot series={series} end={end} top={top} ago={ago} />
          <Axes series={series} top={top} text={text} axis={axis} />
        </div>
      )}
    </figure>
  );
}

interface PlotProps {
  readonly series: readonly Series[];
  readonly end: number;
  readonly top: number;
  readonly ago: number | null;
}

function Plot({ series, end, top, ago }: PlotProps): React.JSX.Element {
  const x = ago === null ? 0 : 100 * (1 - ago / SECONDS);
  return (
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      <line className="jp-mod-grid" x1="0" x2="100" y1="0" y2="0" />
      <line className="jp-mod-grid" x1="0" x2="100" y1="50" y2="50" />
      {series.map((each) => (
        <path key={each.label} className={each.kind} d={pathOf(each.spots, end, top)} />
      ))}
      {ago !== null && <line className="jp-mod-cursor" x1={x} x2={x} y1="0" y2="100" />}
    </svg>
  );
}

interface AxesProps {
  readonly series: readonly Series[];
  readonly top: number;
  readonly text: (value: number) => string;
  readonly axis: (value: number) => string;
}

function Axes({ series, top, text, axis }: AxesProps): React.JSX.Element {
  const { trans } = useTools();
  const at = (name: string, percent: number, more: object = {}): React.CSSProperties => ({
    [name]: `${percent}%`,
    ...more,
  });
  return (
    <>
      {[100, 50, 0].map((percent) => (
        <span key={percent} className="jp-tfs-Chart-y" style={at('--at', percent)}>
          {axis((top * percent) / 100)}
        </span>
      ))}
      {endsOf(series, top).map(({ label, percent, value, colour }) => (
        <span
          key={label}
          className="jp-tfs-Chart-end"
          style={at('--at', percent, { '--v': colour })}
        >
          {value === null ? label : `${label} · ${text(value)}`}
        </span>
      ))}
      <span className="jp-tfs-Chart-x" style={at('--at', 0, { '--shift': '0' })}>
        {trans.__('60 s ago')}
      </span>
      <span className="jp-tfs-Chart-x" style={at('--at', 50)}>
        {trans.__('30 s')}
      </span>
      <span className="jp-tfs-Chart-x" style={at('--at', 100, { '--shift': '-100%' })}>
        {trans.__('now')}
      </span>
    </>
  );
}

const APART_PERCENT = 11;

interface End {
  readonly label: string;
  readonly colour: string;
  readonly value: number | null;
  readonly percent: number;
}

/** Where the names of the lines stand: at their ends, but not on each other. */
function endsOf(series: readonly Series[], top: number): readonly End[] {
  let free = -APART_PERCENT;
  return series
    .map(({ label, colour, spots }) => ({ label, colour, value: spots.at(-1)?.value ?? null }))
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))
    .map((each) => {
      free = Math.max((100 * (each.value ?? 0)) / top, free + APART_PERCENT);
      return { ...each, percent: free };
    });
}

function ChartTable(props: {
  readonly title: string;
  readonly series: readonly Series[];
  readonly end: number;
  readonly valueAt: (series: Series, ago: number) => string;
}): React.JSX.Element {
  const { trans, numbers } = useTools();
  const moments = Array.from({ length: SECONDS / 5 }, (_, index) => index * 5);
  return (
    <div
      className="jp-tfs-Scroll jp-tfs-Chart-table"
      tabIndex={0}
      role="region"
      aria-label={props.title}
    >
      <table className="jp-tfs-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Time')}</th>
            {props.series.map(({ label }) => (
              <th key={label} scope="col" className="jp-tfs-num">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {moments.map((ago) => (
            <tr key={ago}>
              <th scope="row">{numbers.clock(props.end - ago)}</th>
              {props.series.map((each) => (
                <td key={each.label} className="jp-tfs-num">
                  {props.valueAt(each, ago)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
