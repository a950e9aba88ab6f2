import * as React from 'react';
import type { Tensor } from '../../api/signatures';
import { Button } from '../../ui/Button';
import { useTools } from '../../ui/tools';
import { grey, inverted, isOnPaper } from '../picture/colours';
import { opened } from '../picture/image';
import { scaled } from '../picture/range';
import { resized, type Grid } from '../picture/resize';
import { listed, type Frame } from '../picture/shape';
import { RangeChoice, useRange } from './RangeChoice';
import { Thumbnail } from './Thumbnail';
import { useFiles } from './useFiles';

const LARGEST_OPEN = 512;

interface Props {
  readonly model: string;
  readonly tensor: Tensor;
  readonly frame: Frame;
  readonly onGiven: (value: unknown) => void;
}

interface Opened {
  readonly name: string;
  readonly grid: Grid;
}

/** A picture from a file, made as the input wants it. */
export function UploadInput({ model, tensor, frame, onGiven }: Props): React.JSX.Element {
  const { trans } = useTools();
  const [file, setFile] = React.useState<Opened | null>(null);
  const [problem, setProblem] = React.useState('');
  const [isTurned, turn] = React.useState<boolean | null>(null);
  const [range, choose] = useRange(model, tensor, frame);
  const open = (blob: File): void => {
    opened(blob).then(
      (grid) => {
        setFile({ name: blob.name, grid });
        setProblem('');
        turn(null);
      },
      () => setProblem(trans.__('%1 is no image that this browser can open.', blob.name)),
    );
  };
  const { zone, choose: browse, isOver } = useFiles('image/*', open);
  const plain = React.useMemo(() => file && fitted(file.grid, frame), [file, frame]);
  const isInverse = isTurned ?? (plain !== null && isOnPaper(plain));
  const grid = React.useMemo(
    () => plain && (isInverse ? inverted(plain) : plain),
    [plain, isInverse],
  );
  const give = React.useRef(onGiven);
  give.current = onGiven;
  React.useEffect(() => {
    if (grid) {
      give.current(listed(scaled(grid.values, range), frame, grid.rows, grid.columns));
    }
  }, [grid, range, frame]);
  return (
    <div className="jp-tfs-Field">
      <span className="jp-tfs-Field-label">{trans.__('%1, uploaded', tensor.name)}</span>
      <div
        {...zone}
        className={isOver ? 'jp-tfs-Drop jp-mod-over' : 'jp-tfs-Drop'}
        aria-label={trans.__('Image for %1: choose, drop or paste one', tensor.name)}
      >
        {grid && <Thumbnail grid={grid} label={trans.__('What the model gets')} />}
        <span className="jp-tfs-grow jp-tfs-wrap">
          {file && grid ? (
            <>
              {`${file.name}, ${sizeOf(file.grid)}`}
              <br />
              <span className="jp-tfs-small jp-tfs-muted">
                {resizeText(trans, file.grid, grid)}{' '}
                <RangeChoice tensor={tensor} range={range} onChoose={choose} />
              </span>
            </>
          ) : (
            <span className="jp-tfs-muted">{trans.__('Choose, drop or paste an image')}</span>
          )}
        </span>
        <Button onClick={browse}>{trans.__('Choose…')}</Button>
      </div>
      {grid?.channels === 1 && (
        <label className="jp-tfs-Check jp-tfs-small">
          <input
            type="checkbox"
            checked={isInverse}
            onChange={(event) => turn(event.target.checked)}
          />
          {trans.__('dark on light becomes light on dark')}
        </label>
      )}
      <p className="jp-tfs-Error jp-tfs-small" role="status">
        {problem}
      </p>
    </div>
  );
}

function sizeOf({ rows, columns }: Grid): string {
  return `${rows}\u00a0×\u00a0${columns}`;
}

function resizeText(
  trans: ReturnType<typeof useTools>['trans'],
  before: Grid,
  after: Grid,
): string {
  const colours = after.channels === 1 ? trans.__('grey') : trans.__('colour');
  return sizeOf(before) === sizeOf(after)
    ? `${sizeOf(after)}, ${colours},`
    : trans.__('resized to %1, %2,', sizeOf(after), colours);
}

/** In the size and the colours of the input; what it leaves open stays as it is, within bounds. */
function fitted(grid: Grid, frame: Frame): Grid {
  const scale = Math.min(1, LARGEST_OPEN / Math.max(grid.rows, grid.columns));
  const rows = frame.rows ?? Math.round(grid.rows * scale);
  const columns = frame.columns ?? Math.round(grid.columns * scale);
  const coloured = frame.channels === 1 ? grey(grid) : grid;
  return resized(coloured, rows, columns);
}
