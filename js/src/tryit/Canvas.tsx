import * as React from 'react';

export interface CanvasProps {
  /** Rows and columns of what the model gets. */
  readonly size: readonly [number, number];
  /** What ink is in what the model gets; only said here, the pixels are between 0 and 1. */
  readonly max: number;
  readonly label: string;
  /** What is drawn at first, row by row; drawing goes on from there. */
  readonly pixels?: Float32Array;
  /** Told as the drawing changes, at most once a frame; `ended` when the pen is lifted. */
  readonly onPixels?: (pixels: Float32Array, ended: boolean) => void;
}

/** Draw by hand what a model looks at. */
export function Canvas({ label }: CanvasProps): React.JSX.Element {
  return (
    <div className="jp-tfs-Draw">
      <svg
        className="jp-tfs-Canvas"
        viewBox="0 0 224 224"
        role="img"
        tabIndex={0}
        aria-label={label}
      />
    </div>
  );
}
