/** The drawing on a canvas: its strokes by pointer and by keys, and the picture that comes of it. */

import * as React from 'react';
import { useRemembered } from '../remembered';
import { fitFor, FITS, pictured, type FitName } from './fitting';
import {
  begun,
  blank,
  cleared,
  continued,
  undone,
  WIDTH,
  type Drawing,
  type Tool,
} from './strokes';

export interface Hand {
  readonly drawing: Drawing;
  readonly pixels: Float32Array;
  readonly tool: Tool;
  readonly fit: FitName;
  /** Where keys draw; null until they have moved. */
  readonly cursor: Cursor | null;
  readonly choose: (tool: Tool) => void;
  readonly begin: (x: number, y: number, tool?: Tool) => void;
  readonly go: (...points: readonly number[]) => void;
  readonly end: () => void;
  readonly undo: () => void;
  readonly clear: () => void;
  readonly setFit: (fit: FitName) => void;
  readonly moveCursor: (dx: number, dy: number) => void;
  readonly toggleCursor: () => void;
  readonly liftCursor: () => void;
}

export interface Cursor {
  readonly x: number;
  readonly y: number;
  readonly isDown: boolean;
}

/** A drawing as it is told: its size as the model gets it, and the same at any other size. */
export interface Drawn {
  readonly size: readonly [number, number];
  /** Null where it began with pixels, which have no other size. */
  readonly at: (rows: number, columns: number) => Float32Array | null;
}

export type Told = (pixels: Float32Array, ended: boolean, drawn: Drawn) => void;

export function useDrawing(
  [rows, columns]: readonly [number, number],
  first: Float32Array | undefined,
  onPixels: Told | undefined,
): Hand {
  const [drawing, setDrawing] = React.useState<Drawing>(() => blank(first ?? null));
  const [tool, choose] = React.useState<Tool>('pen');
  const [fit, setFit] = useFit(rows, columns);
  const isDown = React.useRef(false);
  const height = (WIDTH * rows) / columns;
  const pixels = React.useMemo(
    () => pictured(drawing, rows, columns, FITS[fit]),
    [drawing, rows, columns, fit],
  );
  const [lifts, lift] = React.useReducer((count: number) => count + 1, 0);
  const drawn: Drawn = {
    size: [rows, columns],
    at: (height, width) => (drawing.base ? null : pictured(drawing, height, width, FITS[fit])),
  };
  useTold(pixels, lifts, isDown, onPixels && ((told, ended) => onPixels(told, ended, drawn)));
  const begin = (x: number, y: number, other?: Tool): void => {
    isDown.current = true;
    setDrawing((before) => begun(before, other ?? tool, x, y));
  };
  const go = (...points: readonly number[]): void =>
    setDrawing((before) => continued(before, ...points));
  const end = (): void => {
    isDown.current = false;
    lift();
  };
  const change = (changed: (before: Drawing) => Drawing): void => {
    setDrawing(changed);
    end();
  };
  return {
    drawing,
    pixels,
    tool,
    fit,
    choose,
    begin,
    go,
    end,
    undo: () => change(undone),
    clear: () => change(cleared),
    setFit,
    ...useCursor({ begin, go, end }, height),
  };
}

/** The fit that was chosen last for drawings of this size. */
function useFit(rows: number, columns: number): readonly [FitName, (fit: FitName) => void] {
  const first = fitFor(rows, columns);
  const [kept, setKept] = useRemembered(`fit ${rows}x${columns}`, first);
  const names = Object.keys(FITS) as FitName[];
  return [names.find((each) => each === kept) ?? first, setKept];
}

/** Tells of pixels that are others than before, and when the pen is lifted. */
function useTold(
  pixels: Float32Array,
  lifts: number,
  isDown: React.RefObject<boolean>,
  onPixels: ((pixels: Float32Array, ended: boolean) => void) | undefined,
): void {
  const told = React.useRef({ pixels, lifts });
  const tell = React.useRef(onPixels);
  tell.current = onPixels;
  React.useEffect(() => {
    if (told.current.pixels !== pixels || told.current.lifts !== lifts) {
      told.current = { pixels, lifts };
      tell.current?.(pixels, isDown.current !== true);
    }
  }, [pixels, lifts, isDown]);
}

type Pen = Pick<Hand, 'begin' | 'go' | 'end'>;
type ByKeys = Pick<Hand, 'cursor' | 'moveCursor' | 'toggleCursor' | 'liftCursor'>;

/** The place where keys draw: it begins in the middle. */
function useCursor({ begin, go, end }: Pen, height: number): ByKeys {
  const [cursor, setCursor] = React.useState<Cursor | null>(null);
  const middle: Cursor = { x: WIDTH / 2, y: height / 2, isDown: false };
  return {
    cursor,
    moveCursor: (dx, dy) => {
      const { x, y, isDown } = cursor ?? middle;
      const moved = {
        x: Math.min(WIDTH, Math.max(0, x + dx)),
        y: Math.min(height, Math.max(0, y + dy)),
        isDown,
      };
      setCursor(moved);
      if (isDown) {
        go(moved.x, moved.y);
      }
    },
    toggleCursor: () => {
      const at = cursor ?? middle;
      setCursor({ ...at, isDown: !at.isDown });
      if (at.isDown) {
        end();
      } else {
        begin(at.x, at.y);
      }
    },
    liftCursor: () => {
      if (cursor?.isDown) {
        setCursor({ ...cursor, isDown: false });
        end();
      }
    },
  };
}
