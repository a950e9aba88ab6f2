import * as React from 'react';
import { useTools } from '../ui/tools';
import { placeOf } from '../ui/place';
import { findByName, moveOf, spotsOf, type Spot } from './keys';
import type { ModelRow } from './rows';
import { ModelItem } from './ModelItem';
import type { Dragged } from './VersionItem';

const TYPING_MS = 700;

interface Props {
  readonly rows: readonly ModelRow[];
  readonly isStale: boolean;
  readonly setOpen: (model: string, open: boolean) => void;
}

/** Models and their versions: one stop of the Tab key, arrows and letters inside. */
export function Tree({ rows, isStale, setOpen }: Props): React.JSX.Element {
  const { trans, run, panel } = useTools();
  const list = React.useRef<HTMLUListElement>(null);
  const [focused, setFocused] = React.useState('');
  const [selected, setSelected] = React.useState('');
  const [dragged, setDragged] = React.useState<Dragged | null>(null);
  const typed = React.useRef({ text: '', at: 0 });
  const spots = spotsOf(rows);
  const stop = spots.some((spot) => spot.key === focused) ? focused : (spots[0]?.key ?? '');

  const focus = (key: string): void => {
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
  };
  const spotOf = (event: React.SyntheticEvent<HTMLElement>): Spot | undefined => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[data-key]');
    return spots.find((spot) => spot.key === item?.dataset['key']);
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    const spot = spotOf(event);
    if (!spot || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) {
      return;
    }
    if (act(spot, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  const act = (spot: Spot, event: React.KeyboardEvent<HTMLElement>): boolean => {
    const { key } = event;
    if (key === 'ContextMenu' || (event.shiftKey && key === 'F10')) {
      run('row-menu', { ...panel.currentRow });
      return true;
    }
    if (key === ' ' && spot.version === undefined) {
      setOpen(spot.model, !(rows.find((row) => row.name === spot.model)?.isOpen ?? false));
      return true;
    }
    const move = moveOf(rows, spot.key, key);
    if (move) {
      if (move.kind === 'focus') {
        focus(move.key);
      } else {
        setOpen(move.model, move.kind === 'open');
      }
      return true;
    }
    return isTyped(spot, key) && find(spot, key);
  };

  const find = (spot: Spot, letter: string): boolean => {
    const now = Date.now();
    const text = now - typed.current.at < TYPING_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const found = findByName(rows, spot.key, text);
    if (found !== null) {
      focus(found);
    }
    return true;
  };

  return (
    <ul
      ref={list}
      className={`jp-tfs-Tree${isStale ? ' jp-mod-stale' : ''}`}
      role="tree"
      aria-label={trans.__('Models')}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const spot = spotOf(event);
        if (spot) {
          setFocused(spot.key);
          panel.currentRow = { ...spot, ...placeOf(lineOf(event.target)) };
        }
      }}
      onContextMenu={(event) => {
        const spot = spotOf(event);
        if (spot) {
          event.preventDefault();
          event.stopPropagation();
          focus(spot.key);
          panel.currentRow = { ...spot, x: event.clientX, y: event.clientY };
          run('row-menu', { ...panel.currentRow });
        }
      }}
      onClick={(event) => {
        const spot = spotOf(event);
        if (spot?.version !== undefined) {
          setSelected(spot.key);
          focus(spot.key);
        } else if (spot) {
          setOpen(spot.model, !(rows.find((row) => row.name === spot.model)?.isOpen ?? false));
          focus(spot.key);
        }
      }}
      onDoubleClick={(event) => {
        const spot = spotOf(event);
        if (spot?.version !== undefined) {
          run('open-model', { ...spot });
        }
      }}
    >
      {rows.map((row) => (
        <ModelItem
          key={row.key}
          row={row}
          stop={isWithin(stop, row) ? stop : ''}
          selected={isWithin(selected, row) ? selected : ''}
          dragged={dragged?.model === row.name ? dragged : null}
          onDrag={setDragged}
        />
      ))}
    </ul>
  );
}

function isWithin(key: string, row: ModelRow): boolean {
  return key === row.key || key.startsWith(`${row.key}/`);
}

/** Letters find a name, but for those that are keys of a version's row, see the settings. */
function isTyped(spot: Spot, key: string): boolean {
  const isShortcut = spot.version !== undefined && /^[a-z]$/i.test(key);
  return key.length === 1 && key !== ' ' && !isShortcut;
}

/** The line of a row, without the rows below it. */
function lineOf(target: EventTarget): HTMLElement {
  const item = (target as HTMLElement).closest<HTMLElement>('[data-key]');
  return (item?.firstElementChild ?? target) as HTMLElement;
}
