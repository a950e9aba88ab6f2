import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { NOTHING } from '../format/numbers';
import { IconButton } from '../ui/Button';
import { Labels, useDrop, useMenu, type OnDrag } from '../ui/labels';
import { placeOf } from '../ui/place';
import { useTools } from '../ui/tools';
import { isSameVersion, type VersionRow } from './rows';

interface Props {
  readonly row: VersionRow;
  readonly isFocused: boolean;
  readonly isSelected: boolean;
  readonly isTarget: boolean;
  readonly onDrag: OnDrag;
}

/** One version of a model. Drawn again only when something that it says has changed. */
export const VersionItem = React.memo(
  function VersionItem(props: Props): React.JSX.Element {
    const { trans } = useTools();
    const { row, isFocused, isSelected, isTarget, onDrag } = props;
    const drop = useDrop(row, isTarget, onDrag);
    const openMenu = useMenu(row.model, row.version);
    const labels = row.labels === '' ? [] : row.labels.split(' ');
    const selected = isSelected ? ' jp-mod-selected' : '';
    const target = isTarget ? ' jp-mod-target' : '';
    return (
      <li
        role="treeitem"
        aria-level={2}
        aria-selected={isSelected}
        aria-label={[trans.__('Version %1', row.version), ...labels, row.word].join(', ')}
        tabIndex={isFocused ? 0 : -1}
        data-key={row.key}
        {...drop}
      >
        <div className={`jp-tfs-Version${selected}${target}`}>
          <span className="jp-tfs-State" data-state={row.shape}>
            {row.version}
          </span>
          <span className="jp-tfs-Version-chips">
            <Labels
              row={row}
              hint={trans.__('Drag to another version, or press L')}
              onDrag={onDrag}
            />
          </span>
          <span className="jp-tfs-Version-rate">
            {row.rate !== '' && (
              <span className="jp-tfs-from380 jp-tfs-muted">
                {trans.__('batch %1 ·', row.batch || NOTHING)}{' '}
              </span>
            )}
            {row.rate}
          </span>
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('Actions for version %1', row.version)}
            tabIndex={-1}
            onClick={(event) => {
              const { x, y } = placeOf(event.currentTarget);
              openMenu(x, y);
            }}
          />
          <Meta row={row} />
        </div>
      </li>
    );
  },
  (before, after) =>
    before.isFocused === after.isFocused &&
    before.isSelected === after.isSelected &&
    before.isTarget === after.isTarget &&
    isSameVersion(before.row, after.row),
);

function Meta({ row }: { readonly row: VersionRow }): React.JSX.Element {
  const { trans } = useTools();
  const isAvailable = row.shape === 'available';
  return (
    <>
      <span
        className={`jp-tfs-Version-meta${row.isReason ? ' jp-mod-reason' : ''}`}
        title={row.whole || undefined}
      >
        <span className="jp-tfs-State" data-state={row.shape}>
          {row.word}
        </span>
        {row.detail !== '' && (
          <span className={isAvailable ? 'jp-tfs-from280' : undefined}> · {row.detail}</span>
        )}
      </span>
      {isAvailable && row.p99 !== '' && (
        <span className="jp-tfs-Version-p99">
          <span className="jp-tfs-from380">p50 {row.p50} · </span>p99 {row.p99}
        </span>
      )}
      {row.percent !== null && (
        <div
          className="jp-tfs-Progress"
          role="progressbar"
          aria-label={trans.__('Loading')}
          aria-valuenow={row.percent}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <i style={{ width: `${row.percent}%` }} />
        </div>
      )}
    </>
  );
}
