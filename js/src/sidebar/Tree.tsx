import * as React from 'react';
import { placeOf } from '../ui/place';
import { useTools } from '../ui/tools';
import { useDragCell } from '../ui/useDragCell';
import { findByName, moveOf, spotsOf, type Spot } from './keys';
import { heightOf, ModelItem } from './ModelItem';
import type { ModelRow } from './rows';
import { useTyping } from './useTyping';
import { useWindow } from './useWindow';
import type { Dragged } from '../ui/labels';

interface Props {
  readonly rows: readonly ModelRow[];
  readonly isStale: boolean;
  readonly setOpen: (model: string, open: boolean) => void;
}

/** Models and their versions: one stop of the Tab key, arrows and letters inside. */
export function Tree({ rows, isStale, setOpen }: Props): React.JSX.Element {
  const { trans } = useTools();
  const list = React.useRef<HTMLUListElement>(null);
  const [selected, setSelected] = React.useState('');
  const [dragged, setDragged] = React.useState<Dragged | null>(null);
  const spots = React.useMemo(() => spotsOf(rows), [rows]);
  const { stop, setFocused, focus } = useFocus(list, spots);
  const items = React.useMemo(
    () => rows.map((row) => ({ key: row.key, guess: heightOf(row) })),
    [rows],
  );
  const { parts, measure } = useWindow(list, items, modelOf(spots, stop));
  const drags = useDragCell((target) => {
    const key = target.closest<HTMLElement>('[data-key]')?.dataset['key'];
    return spots.find((spot) => spot.key === key);
  });
  const does = useDoing({ rows, spots, setOpen, focus, setFocused, setSelected });
  return (
    <ul
      ref={list}
      className={`jp-tfs-Tree${isStale ? ' jp-mod-stale' : ''}`}
      role="tree"
      aria-label={trans.__('Models')}
      {...does}
      {...drags}
    >
      {parts.map((part) => {
        if (!('index' in part)) {
          return <li key={`gap ${part.from}`} role="none" style={{ height: part.gap }} />;
        }
        const row = rows[part.index];
        return (
          row && (
            <ModelItem
              key={row.key}
              row={row}
              place={part.index + 1}
              count={rows.length}
              measure={measure}
              stop={isWithin(stop, row) ? stop : ''}
              selected={isWithin(selected, row) ? selected : ''}
              dragged={dragged?.model === row.name ? dragged : null}
              onDrag={setDragged}
            />
          )
        );
      })}
    </ul>
  );
}

interface Focus {
  /** The row that the Tab key reaches. */
  readonly stop: string;
  readonly setFocused: (key: string) => void;
  readonly focus: (key: string) => void;
}

/** One row is the stop of the Tab key; a row that is out of sight is drawn before it gets the focus. */
function useFocus(list: React.RefObject<HTMLElement>, spots: readonly Spot[]): Focus {
  const [focused, setFocused] = React.useState('');
  const wanted = React.useRef<string | null>(null);
  React.useLayoutEffect(() => {
    const key = wanted.current;
    wanted.current = null;
    if (key !== null) {
      list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
    }
  });
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  const focus = (key: string): void => {
    wanted.current = key;
    setFocused(key);
    again();
  };
  const stop = spots.some((spot) => spot.key === focused) ? focused : (spots[0]?.key ?? '');
  return { stop, setFocused, focus };
}

interface Doing {
  readonly rows: readonly ModelRow[];
  readonly spots: readonly Spot[];
  readonly setOpen: (model: string, open: boolean) => void;
  readonly focus: (key: string) => void;
  readonly setFocused: (key: string) => void;
  readonly setSelected: (key: string) => void;
}

type Handlers = Pick<
  React.HTMLAttributes<HTMLElement>,
  'onKeyDown' | 'onFocus' | 'onContextMenu' | 'onClick' | 'onDoubleClick'
>;

/** What keys and the pointer do in the tree. */
function useDoing({ rows, spots, setOpen, focus, setFocused, setSelected }: Doing): Handlers {
  const { run, panel } = useTools();
  const typing = useTyping();
  const spotOf = (event: React.SyntheticEvent<HTMLElement>): Spot | undefined => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[data-key]');
    return spots.find((spot) => spot.key === item?.dataset['key']);
  };
  const toggle = (model: string): void =>
    setOpen(model, !(rows.find((row) => row.name === model)?.isOpen ?? false));
  const act = (spot: Spot, event: React.KeyboardEvent<HTMLElement>): boolean => {
    const { key } = event;
    if (key === 'ContextMenu' || (event.shiftKey && key === 'F10')) {
      run('row-menu', { ...panel.currentRow });
      return true;
    }
    if (key === ' ' && spot.version === undefined) {
      toggle(spot.model);
      return true;
    }
    const move = moveOf(rows, spot.key, key);
    if (move?.kind === 'focus') {
      focus(move.key);
    } else if (move) {
      setOpen(move.model, move.kind === 'open');
    }
    return move !== null || (!isShortcut(event) && find(spot, key));
  };
  const isShortcut = (event: React.KeyboardEvent<HTMLElement>): boolean =>
    event.target instanceof Element && panel.isShortcut(event.key, event.target);
  const find = (spot: Spot, letter: string): boolean => {
    if (letter.length !== 1 || letter === ' ') {
      return false;
    }
    const found = findByName(rows, spot.key, typing(letter));
    if (found !== null) {
      focus(found);
    }
    return true;
  };
  return {
    onKeyDown: (event) => {
      const spot = spotOf(event);
      const isOfButton =
        event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ');
      const isChord = event.ctrlKey || event.metaKey || event.altKey;
      if (spot && !isOfButton && !isChord && act(spot, event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    },
    onFocus: (event) => {
      const spot = spotOf(event);
      if (spot) {
        setFocused(spot.key);
        panel.currentRow = { ...spot, ...placeOf(lineOf(event.target)) };
      }
    },
    onContextMenu: (event) => {
      const spot = spotOf(event);
      if (spot) {
        event.preventDefault();
        event.stopPropagation();
        focus(spot.key);
        panel.currentRow = { ...spot, x: event.clientX, y: event.clientY };
        run('row-menu', { ...panel.currentRow });
      }
    },
    onClick: (event) => {
      const spot = spotOf(event);
      if (spot) {
        focus(spot.key);
        if (spot.version === undefined) {
          toggle(spot.model);
        } else {
          setSelected(spot.key);
        }
      }
    },
    onDoubleClick: (event) => {
      const spot = spotOf(event);
      if (spot?.version !== undefined) {
        run('open-model', { ...spot });
      }
    },
  };
}

function modelOf(spots: readonly Spot[], key: string): string {
  return spots.find((spot) => spot.key === key)?.model ?? '';
}

function isWithin(key: string, row: ModelRow): boolean {
  return key === row.key || key.startsWith(`${row.key}/`);
}

/** The line of a row, without the rows below it. */
function lineOf(target: EventTarget): HTMLElement {
  const item = (target as HTMLElement).closest<HTMLElement>('[data-key]');
  return (item?.firstElementChild ?? target) as HTMLElement;
}
