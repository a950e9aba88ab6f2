import { caretDownIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { cutInMiddle } from '../format/middle';
import { Icon, IconButton } from '../ui/Button';
import { useTools } from '../ui/tools';
import { placeOf } from './Header';
import { findByName, moveOf, spotsOf, type Spot } from './keys';
import type { ModelRow } from './rows';
import { VersionItem, type Dragged } from './VersionItem';

const TYPING_MS = 700;
const LONGEST_NAME = 40;
const ROW_PX = { model: 28, version: 44 };

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
        <li
          key={row.key}
          role="treeitem"
          aria-level={1}
          aria-expanded={row.isOpen}
          aria-selected={false}
          aria-label={row.name}
          tabIndex={stop === row.key ? 0 : -1}
          data-key={row.key}
          style={{ containIntrinsicSize: `auto ${heightOf(row)}px` }}
        >
          <div className="jp-tfs-Model">
            <Icon icon={caretDownIcon} />
            <span title={row.name.length > LONGEST_NAME ? row.name : undefined}>
              {cutInMiddle(row.name, LONGEST_NAME)}
            </span>
            <span className="jp-tfs-num">{row.rate}</span>
            <IconButton
              icon={ellipsesIcon}
              label={trans.__('Actions for %1', row.name)}
              tabIndex={-1}
              onClick={(event) => {
                panel.currentRow = { model: row.name, ...placeOf(event.currentTarget) };
                run('row-menu', { ...panel.currentRow });
              }}
            />
          </div>
          {row.note !== '' && (
            <p className={`jp-tfs-Model-note${row.isProblem ? ' jp-tfs-Error' : ''}`}>{row.note}</p>
          )}
          {row.versions.length > 0 && (
            <ul role="group">
              {row.versions.map((version) => (
                <VersionItem
                  key={version.key}
                  row={version}
                  isFocused={stop === version.key}
                  isSelected={selected === version.key}
                  isTarget={canTake(version.model, version.version, version.shape, dragged)}
                  onDrag={setDragged}
                />
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
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

function canTake(model: string, version: number, shape: string, dragged: Dragged | null): boolean {
  return dragged?.model === model && dragged.version !== version && shape === 'available';
}

function heightOf(row: ModelRow): number {
  return ROW_PX.model + row.versions.length * ROW_PX.version;
}
