import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { NOTHING } from '../format/numbers';
import type { ModelRow, VersionRow } from '../sidebar/rows';
import { IconButton } from '../ui/Button';
import { Labels, useDrop, useMenu, type Dragged, type OnDrag } from '../ui/labels';
import { Middle } from '../ui/Middle';
import { placeOf } from '../ui/place';
import { useTools } from '../ui/tools';

const BEFORE_REASON = 2;
const COLUMNS = 10;

interface Props {
  readonly row: ModelRow;
  readonly isFirst: boolean;
  readonly isSaved: boolean;
  /** Requests that failed since a version was loaded, by the key of its row. */
  readonly errors: ReadonlyMap<string, number>;
  readonly dragged: Dragged | null;
  readonly onDrag: OnDrag;
}

/** The versions of one model; its name is said at the first of them. */
export function VersionRows(props: Props): React.JSX.Element {
  const { row, isFirst, isSaved } = props;
  const span = COLUMNS - BEFORE_REASON - (isSaved ? 1 : 0);
  return (
    <>
      {row.note !== '' && (
        <tr data-name={row.name}>
          <Name name={row.name} />
          <td className="jp-tfs-num">{NOTHING}</td>
          <td colSpan={span} className={row.isProblem ? 'jp-tfs-Error' : 'jp-tfs-muted'}>
            {row.note}
          </td>
        </tr>
      )}
      {row.versions.map((each, index) => (
        <React.Fragment key={each.key}>
          <OneVersion
            {...props}
            each={each}
            isRepeated={index > 0 || row.note !== ''}
            isStop={isFirst && index === 0}
          />
          {each.isReason && (
            <tr className="jp-mod-reason">
              <td colSpan={BEFORE_REASON} className="jp-tfs-from560" />
              <td colSpan={span} title={each.whole}>
                {each.detail}
              </td>
            </tr>
          )}
        </React.Fragment>
      ))}
    </>
  );
}

function Name(props: { readonly name: string; readonly isRepeated?: boolean }): React.JSX.Element {
  const { name } = props;
  return (
    <th scope="row" className="jp-tfs-Table-name">
      {props.isRepeated ? <span className="jp-tfs-hidden">{name}</span> : <Middle text={name} />}
    </th>
  );
}

interface OneProps extends Props {
  readonly each: VersionRow;
  readonly isRepeated: boolean;
  /** Whether Tab stops here; arrows go on to the other rows. */
  readonly isStop: boolean;
}

function OneVersion(props: OneProps): React.JSX.Element {
  const { trans } = useTools();
  const { each, isSaved, dragged, errors } = props;
  const failed = errors.get(each.key);
  const isTarget = dragged?.model === each.model && dragged.version !== each.version;
  const drop = useDrop(each, isTarget, props.onDrag);
  const openMenu = useMenu(each.model, each.version);
  return (
    <tr
      data-name={each.model}
      data-key={each.key}
      className={isTarget ? 'jp-mod-target' : undefined}
      onContextMenu={(event) => {
        if (!isSaved) {
          event.preventDefault();
          event.stopPropagation();
          openMenu(event.clientX, event.clientY);
        }
      }}
      {...drop}
    >
      <Name name={each.model} isRepeated={props.isRepeated} />
      <td className="jp-tfs-num">{each.version}</td>
      <td>
        <span className="jp-tfs-State" data-state={each.shape}>
          {wordOf(each)}
        </span>
      </td>
      <td>
        <Labels
          row={each}
          hint={isSaved ? undefined : trans.__('Drag to another version')}
          onDrag={props.onDrag}
        />
      </td>
      <td className="jp-tfs-num">{each.rate}</td>
      <td className="jp-tfs-num jp-tfs-from560">{each.p50}</td>
      <td className="jp-tfs-num jp-tfs-from480">{each.p99}</td>
      <td className="jp-tfs-num jp-tfs-from480">{each.rate === '' ? '' : (failed ?? NOTHING)}</td>
      <td className="jp-tfs-num jp-tfs-from560">{each.rate === '' ? '' : each.batch || NOTHING}</td>
      {!isSaved && <MenuCell {...props} onOpen={openMenu} />}
    </tr>
  );
}

function MenuCell(
  props: OneProps & { readonly onOpen: (x: number, y: number) => void },
): React.JSX.Element {
  const { trans, has } = useTools();
  const { each } = props;
  return (
    <td className="jp-tfs-Table-act">
      {has('row-menu') && (
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('Actions for %1', `${each.model} ${each.version}`)}
          tabIndex={props.isStop ? 0 : -1}
          onClick={(event) => {
            const { x, y } = placeOf(event.currentTarget);
            props.onOpen(x, y);
          }}
        />
      )}
    </td>
  );
}

/** The state in a word, with how far a load is, where that is known. */
function wordOf(each: VersionRow): string {
  if (each.percent !== null) {
    return `${each.word} ${each.percent}%`;
  }
  const isChanging = each.shape === 'loading' || each.shape === 'unloading';
  return isChanging && each.detail !== '' ? `${each.word} ${each.detail}` : each.word;
}
