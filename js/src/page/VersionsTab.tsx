import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model, Version } from '../api/entries';
import { NOTHING } from '../format/numbers';
import { placeOf } from '../ui/place';
import { rowsOf, type VersionRow } from '../sidebar/rows';
import type { Point, Snapshot } from '../store/snapshot';
import { IconButton } from '../ui/Button';
import { Spark } from '../ui/Spark';
import { useTools } from '../ui/tools';

interface Props {
  readonly known: Snapshot;
  readonly now: number;
  readonly model: Model;
}

/** All versions of a model, one fact a column. */
export function VersionsTab({ known, now, model }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const alone = { ...known, models: [model] };
  const [row] = rowsOf({ known: alone, now, trans, numbers }, '', () => true);
  const versions = row?.versions ?? [];
  if (versions.length === 0) {
    return (
      <div className="jp-tfs-Pane">
        <p className="jp-tfs-muted">
          {model.problem ?? trans.__('This model has no versions in %1 yet.', model.base_path)}
        </p>
      </div>
    );
  }
  return (
    <div className="jp-tfs-Pane">
      <div
        className="jp-tfs-Scroll"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Versions table')}
      >
        <table className="jp-tfs-Table">
          <Head />
          <tbody>
            {versions.map((each) => (
              <Row key={each.key} known={known} now={now} model={model} row={each} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="jp-tfs-muted jp-tfs-small">
        {trans.__(
          'Served: %1. A label is set from the menu of a version, or by dragging it in the sidebar.',
          model.wanted ?? model.policy,
        )}
      </p>
    </div>
  );
}

function Head(): React.JSX.Element {
  const { trans } = useTools();
  const wide = 'jp-tfs-num jp-tfs-from800';
  return (
    <thead>
      <tr>
        <th scope="col">{trans.__('Version')}</th>
        <th scope="col">{trans.__('State')}</th>
        <th scope="col">{trans.__('Labels')}</th>
        <th scope="col" className="jp-tfs-from800">
          {trans.__('Last minute')}
        </th>
        <th scope="col" className="jp-tfs-num">
          {trans.__('Requests')}
        </th>
        <th scope="col" className="jp-tfs-num">
          p50
        </th>
        <th scope="col" className="jp-tfs-num">
          p99
        </th>
        <th scope="col" className="jp-tfs-num" title={trans.__('In the last minute')}>
          {trans.__('Errors')}
        </th>
        <th scope="col" className={wide}>
          {trans.__('Batch')}
        </th>
        <th scope="col" className={wide}>
          {trans.__('Memory')}
        </th>
        <th scope="col" className={wide}>
          {trans.__('Age')}
        </th>
        <th scope="col">
          <span className="jp-tfs-hidden">{trans.__('Actions')}</span>
        </th>
      </tr>
    </thead>
  );
}

function Row({ known, now, model, row }: Props & { readonly row: VersionRow }): React.JSX.Element {
  const { trans, numbers, panel, run } = useTools();
  const version = model.versions.find((each) => each.version === row.version);
  const isAvailable = version?.state === 'AVAILABLE';
  const points = pointsOf(known, model.name, row.version);
  const errors = points.reduce((sum, each) => sum + each.errors, 0);
  const open = (x: number, y: number): void => {
    panel.currentRow = { model: model.name, version: row.version, x, y };
    run('row-menu', { ...panel.currentRow });
  };
  const labels = row.labels === '' ? [] : row.labels.split(' ');
  const age = version?.loaded_at == null ? '' : numbers.duration(now - version.loaded_at);
  return (
    <>
      <tr
        onContextMenu={(event) => {
          event.preventDefault();
          event.stopPropagation();
          open(event.clientX, event.clientY);
        }}
      >
        <th scope="row">
          <Swatch colour={known.colours.get(row.key)} />
          {row.version}
        </th>
        <td>
          <span className="jp-tfs-State" data-state={row.shape}>
            {row.word}
            {!isAvailable && !row.isReason && row.detail !== '' && ` ${row.detail}`}
          </span>
        </td>
        <td>
          {labels.map((label) => (
            <span key={label} className="jp-tfs-Chip jp-mod-still">
              {label}
            </span>
          ))}
        </td>
        <td className="jp-tfs-from800">
          {isAvailable && <Spark points={points} colour={known.colours.get(row.key)} />}
        </td>
        <td className="jp-tfs-num">{row.rate}</td>
        <td className="jp-tfs-num">{row.p50}</td>
        <td className="jp-tfs-num">{row.p99}</td>
        <td className="jp-tfs-num">{isAvailable ? numbers.count(Math.round(errors)) : ''}</td>
        <td className="jp-tfs-num jp-tfs-from800">{isAvailable ? row.batch || NOTHING : ''}</td>
        <td className="jp-tfs-num jp-tfs-from800">
          {memoryOf(version, numbers.bytes.bind(numbers))}
        </td>
        <td className="jp-tfs-num jp-tfs-from800">{age}</td>
        <td className="jp-tfs-Table-act">
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('Actions for version %1', row.version)}
            onClick={(event) => {
              const { x, y } = placeOf(event.currentTarget);
              open(x, y);
            }}
          />
        </td>
      </tr>
      {row.isReason && (
        <tr className="jp-mod-reason">
          <td colSpan={12}>{row.detail}</td>
        </tr>
      )}
    </>
  );
}

export function Swatch({ colour }: { readonly colour: number | undefined }): React.JSX.Element {
  const style = { '--v': colour ? `var(--jp-tfs-v${colour})` : 'var(--jp-tfs-edge)' };
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

function memoryOf(version: Version | undefined, text: (bytes: number) => string): string {
  const bytes = version?.memory_bytes ?? version?.bytes;
  return bytes == null ? '' : text(bytes);
}
