/**
 * A drawing as it is made: lines of a pen and of an eraser, one after the other, and all that there
 * was before, to go back to. A value that never changes: a line more makes another.
 */

export type Tool = 'pen' | 'eraser';

export interface Stroke {
  readonly tool: Tool;
  /** x and y in turns, from the left and the top, in units of the canvas. */
  readonly points: readonly number[];
}

export interface Drawing {
  /** What the strokes lie on, row by row and between 0 and 1; null for nothing. */
  readonly base: Float32Array | null;
  readonly strokes: readonly Stroke[];
  readonly before: Drawing | null;
}

/** The width of a canvas; its height follows from what the model gets. */
export const WIDTH = 224;
export const PEN = 22;
export const ERASER = 36;

export function blank(base: Float32Array | null = null): Drawing {
  return { base, strokes: [], before: null };
}

export function isEmpty({ base, strokes }: Drawing): boolean {
  return base === null && !strokes.some(({ tool }) => tool === 'pen');
}

export function begun(drawing: Drawing, tool: Tool, x: number, y: number): Drawing {
  const { base, strokes } = drawing;
  return { base, strokes: [...strokes, { tool, points: [x, y] }], before: drawing };
}

/** The last stroke, drawn on; what there was before it stays the same. */
export function continued(drawing: Drawing, ...points: readonly number[]): Drawing {
  const last = drawing.strokes.at(-1);
  if (!last) {
    return drawing;
  }
  const longer = { tool: last.tool, points: [...last.points, ...points] };
  return { ...drawing, strokes: [...drawing.strokes.slice(0, -1), longer] };
}

export function undone(drawing: Drawing): Drawing {
  return drawing.before ?? drawing;
}

/** Nothing is drawn any more, which can be undone as well. */
export function cleared(drawing: Drawing): Drawing {
  const isBlank = drawing.base === null && drawing.strokes.length === 0;
  return isBlank ? drawing : { base: null, strokes: [], before: drawing };
}

/** A stroke as the path that SVG draws; a point alone is a dot. */
export function pathOf({ points }: Stroke): string {
  const [x = 0, y = 0, ...rest] = points;
  if (rest.length === 0) {
    return `M${x} ${y}h.01`;
  }
  const pairs = Array.from({ length: rest.length / 2 }, (_, index) =>
    rest.slice(2 * index, 2 * index + 2).join(' '),
  );
  return `M${x} ${y}L${pairs.join(' ')}`;
}
