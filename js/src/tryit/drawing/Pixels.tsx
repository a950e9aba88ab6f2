import * as React from 'react';

const LEVELS = 16;
const SIDE = 48;

interface Props {
  readonly pixels: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly label: string;
  readonly side?: number;
}

/** Grey pixels in the colours of the theme: as many paths as there are levels, not as pixels. */
export function Pixels({ pixels, rows, columns, label, side = SIDE }: Props): React.JSX.Element {
  const paths = React.useMemo(() => pathsOf(pixels, columns), [pixels, columns]);
  const scale = side / Math.max(rows, columns);
  return (
    <svg
      className="jp-tfs-Pixels"
      width={columns * scale}
      height={rows * scale}
      viewBox={`0 0 ${columns} ${rows}`}
      role="img"
      aria-label={label}
    >
      {paths.map(
        (path, level) => path !== '' && <path key={level} d={path} opacity={level / LEVELS} />,
      )}
    </svg>
  );
}

function pathsOf(pixels: Float32Array, columns: number): readonly string[] {
  const paths = Array.from({ length: LEVELS + 1 }, () => '');
  pixels.forEach((value, place) => {
    const level = Math.round(Math.min(1, Math.max(0, value)) * LEVELS);
    if (level > 0) {
      paths[level] =
        `${paths[level] ?? ''}M${place % columns} ${Math.floor(place / columns)}h1v1h-1z`;
    }
  });
  return paths;
}
