import * as React from 'react';
import type { Point } from '../store/snapshot';

const LADDER = [1, 1.5, 2, 3, 5, 8, 10];
const SECONDS = 60;
const WIDTH = 300;
const HEIGHT = 100;
const GAP_S = 2.5;

/** The last minute of requests. What it shows is said in numbers beside it. */
export const Spark = React.memo(function Spark(props: {
  readonly points: readonly Point[];
  /** The colour of a version, see panel.css. */
  readonly colour?: number | undefined;
}): React.JSX.Element {
  const paths = pathsOf(props.points);
  return (
    <svg
      className="jp-tfs-Spark"
      style={props.colour ? { color: `var(--jp-tfs-v${props.colour})` } : undefined}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="jp-mod-area" d={paths.area} />
      <path d={paths.line} />
    </svg>
  );
});

/** The line and the area below it; a gap where nothing is known. */
export function pathsOf(points: readonly Point[]): {
  readonly line: string;
  readonly area: string;
} {
  const end = points.at(-1)?.at ?? 0;
  const top = ceiling(Math.max(0, ...points.map((point) => point.perSecond)));
  const lines: string[] = [];
  const areas: string[] = [];
  for (const run of runsOf(points)) {
    const spots = run.map(({ at, perSecond }) => {
      const x = WIDTH * (1 - (end - at) / (SECONDS - 1));
      return [x.toFixed(1), (HEIGHT * (1 - perSecond / top)).toFixed(1)] as const;
    });
    const line = spots.map(([x, y]) => `${x} ${y}`).join('L');
    lines.push(`M${line}`);
    areas.push(`M${line}V${HEIGHT}H${spots[0]?.[0] ?? '0'}Z`);
  }
  return { line: lines.join(''), area: areas.join('') };
}

/** The next step of 1, 1.5, 2, 3, 5, 8, 10 ... that holds a value, with some room above it. */
export function ceiling(value: number): number {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (LADDER.find((step) => value * 1.1 <= step * power) ?? 15);
}

function runsOf(points: readonly Point[]): Point[][] {
  const runs: Point[][] = [];
  let last: Point | null = null;
  for (const point of points) {
    const run = runs.at(-1);
    if (run && last && point.at - last.at < GAP_S) {
      run.push(point);
    } else {
      runs.push([point]);
    }
    last = point;
  }
  return runs;
}
