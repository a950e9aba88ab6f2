import { deleteIcon, editIcon, undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IconButton } from '../ui/Button';
import { useTools } from '../ui/tools';
import { eraserIcon } from './drawing/eraserIcon';
import type { FitName } from './drawing/fitting';
import { Pixels } from './drawing/Pixels';
import { ERASER, isEmpty, pathOf, PEN, WIDTH } from './drawing/strokes';
import { useDrawing, type Hand, type Told } from './drawing/useDrawing';

export interface CanvasProps {
  /** Rows and columns of what the model gets. */
  readonly size: readonly [number, number];
  /** What ink is in what the model gets; only said here, the pixels are between 0 and 1. */
  readonly max: number;
  /** What the drawing is for, like the name of an input. */
  readonly label: string;
  /** What is drawn at first, row by row; drawing goes on from there. */
  readonly pixels?: Float32Array;
  /** Told as the drawing changes, at most once a frame; `ended` when the pen is lifted. */
  readonly onPixels?: Told;
  /** Takes the place of `0 to max` in what is said of the pixels. */
  readonly range?: React.ReactNode;
}

const STEP = 8;
const LARGE_STEP = 32;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Draw by hand what a model looks at. */
export function Canvas(props: CanvasProps): React.JSX.Element {
  const { trans } = useTools();
  const [rows, columns] = props.size;
  const hand = useDrawing(props.size, props.pixels, props.onPixels);
  const { tool } = hand;
  return (
    <div className="jp-tfs-Draw">
      <Sheet hand={hand} size={props.size} label={props.label} />
      <div
        className="jp-tfs-line jp-tfs-Draw-tools"
        role="toolbar"
        aria-label={trans.__('Drawing tools')}
      >
        <IconButton
          icon={editIcon}
          label={trans.__('Pen')}
          pressed={tool === 'pen'}
          onClick={() => hand.choose('pen')}
        />
        <IconButton
          icon={eraserIcon}
          label={trans.__('Eraser')}
          pressed={tool === 'eraser'}
          onClick={() => hand.choose('eraser')}
        />
        <IconButton
          icon={undoIcon}
          label={trans.__('Undo')}
          disabled={hand.drawing.before === null}
          onClick={hand.undo}
        />
        <IconButton
          icon={deleteIcon}
          label={trans.__('Clear')}
          disabled={isEmpty(hand.drawing)}
          onClick={hand.clear}
        />
        <FitChoice hand={hand} />
      </div>
      <div className="jp-tfs-line jp-tfs-Draw-got">
        <Pixels
          pixels={hand.pixels}
          rows={rows}
          columns={columns}
          label={trans.__('What the model gets')}
        />
        <span className="jp-tfs-small jp-tfs-muted">
          {trans.__('What the model gets:')}
          <br />
          {`${rows}\u00a0×\u00a0${columns}, `}
          {props.range ?? trans.__('0 to %1', props.max)}
        </span>
      </div>
    </div>
  );
}

/** How the drawing is brought to what models have learnt from. */
function FitChoice({ hand }: { readonly hand: Hand }): React.JSX.Element {
  const { trans } = useTools();
  const names: Readonly<Record<FitName, string>> = {
    filled: trans.__('fills the image'),
    centred: trans.__('centred'),
    mnist: trans.__('as in MNIST'),
    asDrawn: trans.__('as drawn'),
  };
  const all = Object.keys(names) as FitName[];
  return (
    <select
      className="jp-tfs-Input jp-mod-tiny jp-tfs-small"
      aria-label={trans.__('Size and place of the drawing')}
      value={hand.fit}
      onChange={(event) => hand.setFit(all.find((each) => each === event.target.value) ?? hand.fit)}
    >
      {all.map((name) => (
        <option key={name} value={name}>
          {names[name]}
        </option>
      ))}
    </select>
  );
}

interface SheetProps {
  readonly hand: Hand;
  readonly size: readonly [number, number];
  readonly label: string;
}

/** Where the drawing is made. */
function Sheet({ hand, size: [rows, columns], label }: SheetProps): React.JSX.Element {
  const { trans } = useTools();
  const height = (WIDTH * rows) / columns;
  const about = isEmpty(hand.drawing)
    ? trans.__('Drawing canvas of %1, %2 by %3 pixels. Empty.', label, rows, columns)
    : trans.__('Drawing canvas of %1, %2 by %3 pixels. Contains a drawing.', label, rows, columns);
  return (
    <svg
      className="jp-tfs-Canvas"
      data-tool={hand.tool}
      data-lm-suppress-shortcuts="true"
      viewBox={`0 0 ${WIDTH} ${height}`}
      style={{ height: 'auto', aspectRatio: `${columns} / ${rows}` }}
      role="img"
      tabIndex={0}
      aria-label={about}
      aria-roledescription={trans.__('drawing canvas')}
      aria-keyshortcuts="P E Space Control+Z Delete"
      onKeyDown={(event) => pressed(event, hand)}
      onBlur={hand.liftCursor}
      {...pointing(hand)}
    >
      <Marks hand={hand} rows={rows} columns={columns} />
    </svg>
  );
}

function Marks({ hand, rows, columns }: { hand: Hand; rows: number; columns: number }) {
  const { drawing, cursor } = hand;
  const unit = WIDTH / columns;
  return (
    <>
      {drawing.base && (
        <g transform={`scale(${unit})`}>
          {Array.from(drawing.base, (value, place) => (
            <rect
              key={place}
              x={place % columns}
              y={Math.floor(place / columns) % rows}
              width={1.02}
              height={1.02}
              opacity={value}
            />
          ))}
        </g>
      )}
      {drawing.strokes.map((stroke, index) => (
        <path
          key={index}
          d={pathOf(stroke)}
          data-tool={stroke.tool}
          strokeWidth={stroke.tool === 'pen' ? PEN : ERASER}
        />
      ))}
      {cursor && (
        <circle
          cx={cursor.x}
          cy={cursor.y}
          r={(hand.tool === 'pen' ? PEN : ERASER) / 2}
          data-down={cursor.isDown}
        />
      )}
    </>
  );
}

function pointing(hand: Hand): React.SVGAttributes<SVGSVGElement> {
  const place = (svg: SVGSVGElement, event: { clientX: number; clientY: number }) => {
    const box = svg.getBoundingClientRect();
    const scale = WIDTH / box.width;
    const round = (value: number): number => Math.round(value * 10) / 10;
    return [round((event.clientX - box.left) * scale), round((event.clientY - box.top) * scale)];
  };
  return {
    onPointerDown: (event) => {
      if (event.button !== 0 && event.button !== 5) {
        return;
      }
      event.currentTarget.setPointerCapture(event.pointerId);
      const [x = 0, y = 0] = place(event.currentTarget, event);
      hand.begin(x, y, event.button === 5 ? 'eraser' : hand.tool); // 5 is the eraser of a stylus
    },
    onPointerMove: (event) => {
      const svg = event.currentTarget;
      if (svg.hasPointerCapture(event.pointerId)) {
        const all = event.nativeEvent.getCoalescedEvents();
        const points = all.length > 0 ? all : [event.nativeEvent];
        hand.go(...points.flatMap((each) => place(svg, each)));
      }
    },
    onPointerUp: (event) => {
      if (event.currentTarget.hasPointerCapture(event.pointerId)) {
        event.currentTarget.releasePointerCapture(event.pointerId);
        hand.end();
      }
    },
    onPointerCancel: () => hand.end(),
  };
}

function pressed(event: React.KeyboardEvent, hand: Hand): void {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z';
  if ((event.ctrlKey || event.metaKey || event.altKey) && !isUndo) {
    return;
  }
  const [dx, dy] = ARROWS[event.key] ?? [0, 0];
  const step = event.shiftKey ? LARGE_STEP : STEP;
  const keys: Readonly<Record<string, () => void>> = {
    p: () => hand.choose('pen'),
    e: () => hand.choose('eraser'),
    z: () => isUndo && hand.undo(),
    delete: hand.clear,
    backspace: hand.clear,
    escape: hand.liftCursor,
    ' ': () => !event.repeat && hand.toggleCursor(),
  };
  const does =
    dx || dy ? () => hand.moveCursor(dx * step, dy * step) : keys[event.key.toLowerCase()];
  if (does && (event.key !== 'Escape' || hand.cursor?.isDown)) {
    event.preventDefault();
    event.stopPropagation();
    does();
  }
}
