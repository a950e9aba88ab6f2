import { caretDownIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Icon, IconButton } from '../ui/Button';
import { Middle } from '../ui/Middle';
import { useTools } from '../ui/tools';
import { placeOf } from '../ui/place';
import { isSameModel, type ModelRow } from './rows';
import type { Measure } from './useWindow';
import type { Dragged } from '../ui/labels';
import { VersionItem } from './VersionItem';

const ROW_PX = { model: 28, version: 44 };

interface Props {
  readonly row: ModelRow;
  /** Its place among all models, from 1: those that are out of sight are not drawn. */
  readonly place: number;
  readonly count: number;
  readonly measure: Measure;
  /** The row in here that the Tab key reaches, the selected one, and what is dragged here. */
  readonly stop: string;
  readonly selected: string;
  readonly dragged: Dragged | null;
  readonly onDrag: (dragged: Dragged | null) => void;
}

/** One model with its versions. Drawn again only when something in it has changed. */
export const ModelItem = React.memo(
  function ModelItem(props: Props): React.JSX.Element {
    const { row, place, count, measure, stop, selected, dragged, onDrag } = props;
    const { trans, run, panel } = useTools();
    const item = React.useRef<HTMLLIElement>(null);
    React.useLayoutEffect(() => {
      const element = item.current;
      if (!element) {
        return undefined;
      }
      measure.add(element);
      return () => measure.remove(element);
    }, [measure]);
    return (
      <li
        ref={item}
        role="treeitem"
        aria-level={1}
        aria-posinset={place}
        aria-setsize={count}
        aria-expanded={row.isOpen}
        aria-selected={false}
        aria-label={row.name}
        tabIndex={stop === row.key ? 0 : -1}
        data-key={row.key}
      >
        <div className="jp-tfs-Model">
          <Icon icon={caretDownIcon} />
          <Middle text={row.name} />
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
                isTarget={
                  dragged !== null &&
                  dragged.version !== version.version &&
                  version.shape === 'available'
                }
                onDrag={onDrag}
              />
            ))}
          </ul>
        )}
      </li>
    );
  },
  (before, after) =>
    before.place === after.place &&
    before.count === after.count &&
    before.stop === after.stop &&
    before.selected === after.selected &&
    before.dragged === after.dragged &&
    isSameModel(before.row, after.row),
);

/** What a model takes as long as nobody has measured it. */
export function heightOf(row: ModelRow): number {
  return ROW_PX.model + row.versions.length * ROW_PX.version;
}
