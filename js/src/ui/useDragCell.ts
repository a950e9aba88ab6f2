/** Drags a cell that asks a model, once the pointer has gone some way with its button held down. */

import * as React from 'react';
import { useTools } from './tools';

const FAR_PX = 6;
const NOT_FROM = 'button, input, .jp-tfs-Chip'; // they have a meaning of their own

interface What {
  readonly model: string;
  readonly version?: number | undefined;
}

/** `whatOf` tells what lies under the pointer. */
export function useDragCell(
  whatOf: (target: Element) => What | undefined,
): Pick<React.HTMLAttributes<HTMLElement>, 'onPointerDown' | 'onPointerMove' | 'onPointerUp'> {
  const { run, has } = useTools();
  const from = React.useRef<{ readonly x: number; readonly y: number; readonly what: What }>();
  return {
    onPointerDown: (event) => {
      const { target } = event;
      const isOurs = target instanceof Element && target.closest(NOT_FROM) === null;
      const what = isOurs && event.button === 0 ? whatOf(target) : undefined;
      from.current = what && { x: event.clientX, y: event.clientY, what };
    },
    onPointerMove: (event) => {
      const start = from.current;
      const { clientX: x, clientY: y } = event;
      if (start && (event.buttons & 1) === 0) {
        from.current = undefined;
      } else if (start && Math.hypot(x - start.x, y - start.y) > FAR_PX) {
        from.current = undefined;
        if (has('drag-client-cell')) {
          run('drag-client-cell', { ...start.what, x, y });
        }
      }
    },
    onPointerUp: () => {
      from.current = undefined;
    },
  };
}
