import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model, Version } from '../../api/entries';
import { NOTHING } from '../../format/numbers';
import { ageOf, sizeOf, type VersionRow } from '../../sidebar/rows';
import type { Point, Snapshot } from '../../store/snapshot';
import { IconButton } from '../../ui/Button';
import { Labels, useDrop, useMenu, type Dragged, type OnDrag } from '../../ui/labels';
import { placeOf } from '../../ui/place';
import { Spark } from '../../ui/Spark';
import { useTools } from '../../ui/tools';

interface Props {
  readonly known: Snapshot;
  readonly now: number;
  readonly model: Model;
  readonly row: VersionRow;
  readonly dragged: Dragged | null;
  readonly onDrag: OnDrag;
}

/** One version as a row of the table; a label can be dropped on it. */
export function VersionLine(props: Props): React.JSX.Element {
  const { model, row, dragged, onDrag } = props;
  const version = model.versions.find((each) => each.version === row.version);
  const openMenu = useMenu(model.name, row.version);
  const isTarget =
    dragged !== null && dragged.version !== row.version && version?.state === 'AVAILABLE';
  const drop = useDrop(row, isTarget, onDrag);
  return (
    <>
      <tr
        data-name={String(row.version)}
        data-key={row.key}
        className={isTarget ? 'jp-mod-target' : undefined}
        title={useFacts(props, version)}
        onContextMenu={(event) => {
          event.preventDefault();
          event.stopPropagation();
          openMenu(event.clientX, event.clientY);
        }}
        {...drop}
      >
        <Cells {...props} version={version} />
        <MenuCell version={row.version} onOpen={openMenu} />
      </tr>
      {row.isReason && (
        <tr className="jp-mod-reason">
          <td />
          <td colSpan={11} title={row.whole}>
            {row.detail}
          </td>
        </tr>
      )}
    </>
  );
}

type CellsProps = Props & { readonly version: Version | undefined };

function Cells({ known, now, model, row, onDrag, version }: CellsProps): React.JSX.Element {
  const { trans, numbers } = useTools();
  const isAvailable = version?.state === 'AVAILABLE';
  const points = pointsOf(known, model.name, row.version);
  const errors = points.reduce((sum, each) => sum + each.errors, 0);
  const isChanging = !isAvailable && !row.isReason && row.detail !== '';
  const wide = 'jp-tfs-num jp-tfs-from800';
  return (
    <>
      <th scope="row">
        <Swatch colour={known.colours.get(row.key)} isDrawn={isAvailable} />
        {row.version}
      </th>
      <td>
        <span className="jp-tfs-State" data-state={row.shape}>
          {isChanging ? `${row.word} ${row.detail}` : row.word}
        </span>
      </td>
      <td>
        <Labels row={row} hint={trans.__('Drag to another version')} onDrag={onDrag} />
      </td>
      <td className="jp-tfs-from800">
        {isAvailable && <Spark points={points} colour={known.colours.get(row.key)} />}
      </td>
      <td className="jp-tfs-num">{row.rate}</td>
      <td className="jp-tfs-num">{row.p50}</td>
      <td className="jp-tfs-num">{row.p99}</td>
      <td className="jp-tfs-num">{isAvailable ? numbers.count(Math.round(errors)) : ''}</td>
      <td className={wide}>{isAvailable ? row.batch || NOTHING : ''}</td>
      <td className={wide}>{isAvailable ? memoryOf(known, model, version, numbers) : ''}</td>
      <td className={wide}>{ageOf(version?.loaded_at ?? version?.since, now, numbers)}</td>
    </>
  );
}

function memoryOf(
  known: Snapshot,
  model: Model,
  version: Version,
  numbers: Parameters<typeof sizeOf>[2],
): string {
  const sample = known.sample?.versions.find(
    (each) => each.version === version.version && each.name === model.name,
  );
  return sizeOf(sample, version, numbers);
}

/** What narrow pages have no column for. */
function useFacts({ known, now, model, row }: Props, version: Version | undefined): string {
  const { trans, numbers } = useTools();
  if (version?.state !== 'AVAILABLE') {
    return version?.path ?? '';
  }
  return [
    trans.__('Batch: %1', row.batch || NOTHING),
    trans.__('Memory: %1', memoryOf(known, model, version, numbers)),
    trans.__('Age: %1', ageOf(version.loaded_at ?? version.since, now, numbers)),
    version.path,
  ].join('\n');
}

export function MenuCell(props: {
  readonly version: number;
  readonly onOpen: (x: number, y: number) => void;
}): React.JSX.Element {
  const { trans, has } = useTools();
  return (
    <td className="jp-tfs-Table-act">
      {has('row-menu') && (
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('Actions for version %1', props.version)}
          onClick={(event) => {
            const { x, y } = placeOf(event.currentTarget);
            props.onOpen(x, y);
          }}
        />
      )}
    </td>
  );
}

/** The colour of a version in charts; the same room without one for what no chart draws. */
export function Swatch(props: {
  readonly colour?: number | undefined;
  readonly isDrawn: boolean;
}): React.JSX.Element {
  const grey = props.isDrawn ? 'var(--jp-tfs-edge)' : 'transparent';
  const style = { '--v': props.colour ? `var(--jp-tfs-v${props.colour})` : grey };
  return <i className="jp-tfs-Swatch" style={style as React.CSSProperties} />;
}

/** The last minute of one version, second by second. */
function pointsOf(known: Snapshot, model: string, version: number): readonly Point[] {
  return known.samples.map((sample): Point => {
    const found = sample.versions.find((each) => each.version === version && each.name === model);
    return {
      at: sample.at,
      perSecond: found?.per_second ?? 0,
      errors: found?.errors_per_second ?? 0,
    };
  });
}
