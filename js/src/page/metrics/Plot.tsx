import * as React from 'react';
import type { Mark } from './marks';
import { partsOf } from './ladder';
import { endsOf, pathOf, xOf, type Frame, type Series } from './series';
import { useTools } from '../../ui/tools';

interface PlotProps {
  readonly series: readonly Series[];
  readonly frame: Frame;
  readonly top: number;
  readonly marks: readonly Mark[];
  /** The moment that was chosen. */
  readonly at: number | null;
  readonly limit?: number | undefined;
}

/** The lines: stretched, while their strokes are not. */
export function Plot({ series, frame, top, marks, at, limit }: PlotProps): React.JSX.Element {
  const line = (kind: string, x: number): React.JSX.Element => (
    <line className={kind} x1={x} x2={x} y1="0" y2="100" />
  );
  return (
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {ticksOf(top).map((part) => (
        <line key={part} className="jp-mod-grid" x1="0" x2="100" y1={100 - part} y2={100 - part} />
      ))}
      {limit !== undefined && limit <= top && (
        <line
          className="jp-mod-limit"
          x1="0"
          x2="100"
          y1={100 * (1 - limit / top)}
          y2={100 * (1 - limit / top)}
        />
      )}
      {marks.map(({ key, x }) => (
        <React.Fragment key={key}>{line('jp-mod-event', x)}</React.Fragment>
      ))}
      {series.map((each) => (
        <path key={each.label} className={each.kind} d={pathOf(each.spots, frame, top)} />
      ))}
      {at !== null && line('jp-mod-cursor', xOf(at, frame))}
    </svg>
  );
}

interface AxesProps {
  readonly series: readonly Series[];
  readonly frame: Frame;
  readonly top: number;
  readonly marks: readonly Mark[];
  /** Seconds ago of the marks below. */
  readonly below: readonly number[];
  readonly text: (value: number) => string;
  /** How a value is written on the axis, where only the top has its unit. */
  readonly axis: (value: number, top: number) => string;
}

/** All that is text, in HTML: names and values at the ends of the lines, axes, what happened. */
export function Axes(props: AxesProps): React.JSX.Element {
  const { series, frame, top, marks, below, text, axis } = props;
  return (
    <>
      {[0, ...ticksOf(top)].map((part) => (
        <span key={part} className="jp-tfs-Chart-y" style={at(part)}>
          {axis((top * part) / 100, top)}
        </span>
      ))}
      {marks.map(
        ({ key, x, text: words, isRight }) =>
          words !== '' && (
            <span
              key={key}
              className={`jp-tfs-Chart-event${isRight ? ' jp-mod-right' : ''}`}
              style={at(x)}
            >
              {words}
            </span>
          ),
      )}
      {endsOf(series, top).map(({ label, percent, value, colour }) => (
        <span key={label} className="jp-tfs-Chart-end" style={at(percent, { '--v': colour })}>
          {[label, value === null ? '' : text(value)].filter(Boolean).join(' · ')}
        </span>
      ))}
      <Below frame={frame} below={below} />
    </>
  );
}

function Below({ frame, below }: Pick<AxesProps, 'frame' | 'below'>): React.JSX.Element {
  const { trans, numbers } = useTools();
  const text = (ago: number, isFirst: boolean): string => {
    const length = ago <= 60 ? `${ago}\u00a0s` : numbers.duration(ago);
    return isFirst ? trans.__('%1 ago', length) : length;
  };
  return (
    <>
      {below.map((ago, index) => {
        const shift = index === 0 ? '0' : ago === 0 ? '-100%' : '-50%';
        const isBetween = index > 0 && ago > 0; // has no room in a narrow chart
        return (
          <span
            key={ago}
            className={`jp-tfs-Chart-x${isBetween ? ' jp-tfs-from380' : ''}`}
            style={at(100 * (1 - ago / frame.seconds), { '--shift': shift })}
          >
            {ago === 0 ? trans.__('now') : text(ago, index === 0)}
          </span>
        );
      })}
    </>
  );
}

function ticksOf(top: number): readonly number[] {
  const parts = partsOf(top);
  return Array.from({ length: parts }, (_, index) => (100 * (index + 1)) / parts);
}

function at(percent: number, more: object = {}): React.CSSProperties {
  return { '--at': `${percent}%`, ...more } as React.CSSProperties;
}
