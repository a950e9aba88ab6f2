import * as React from 'react';
import { rowsOf, type ModelRow } from '../sidebar/rows';
import { keyOf } from '../store/snapshot';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { moveBetweenRows } from './rowKeys';
import type { Sight } from './sight';
import type { Dragged } from '../ui/labels';
import { VersionRows } from './VersionRows';

const MOST = 60;

interface Props {
  readonly sight: Sight;
  readonly now: number;
  /** Which models; all of them where it is null. */
  readonly models: readonly string[] | null;
}

/** Versions, one fact a column; a menu for each where it can be changed. */
export function VersionsTable({ sight, now, models }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [isWhole, setWhole] = React.useState(false);
  const [dragged, setDragged] = React.useState<Dragged | null>(null);
  const { known, mode } = sight;
  const asked =
    models === null
      ? known
      : { ...known, models: known.models.filter(({ name }) => models.includes(name)) };
  const rows = rowsOf({ known: asked, now, trans, numbers }, '', () => true);
  const shown = isWhole ? rows : firstOf(rows);
  const errors = new Map(
    known.sample?.versions.map((each) => [keyOf(each.name, each.version), each.errors]),
  );
  return (
    <>
      <div
        className="jp-tfs-Scroll"
        tabIndex={0}
        role="group"
        aria-label={trans.__('Versions')}
        onKeyDown={moveBetweenRows}
      >
        <table className="jp-tfs-Table">
          <Heads isSaved={mode === 'saved'} />
          <tbody>
            {shown.map((row, index) => (
              <VersionRows
                key={row.key}
                row={row}
                isFirst={index === 0}
                isSaved={mode === 'saved'}
                errors={errors}
                dragged={dragged}
                onDrag={setDragged}
              />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <div>
          <Button onClick={() => setWhole(true)}>
            {trans._n('Show %1 model', 'Show all %1 models', rows.length)}
          </Button>
        </div>
      )}
    </>
  );
}

/** The first models, with as many versions as a page holds. */
function firstOf(rows: readonly ModelRow[]): readonly ModelRow[] {
  let count = 0;
  return rows.filter((row) => {
    count += Math.max(1, row.versions.length);
    return count <= MOST || row === rows[0];
  });
}

function Heads({ isSaved }: { readonly isSaved: boolean }): React.JSX.Element {
  const { trans } = useTools();
  const heads: readonly (readonly [string, string])[] = [
    [trans.__('Model'), ''],
    [trans.__('Version'), 'jp-tfs-num'],
    [trans.__('State'), ''],
    [trans.__('Labels'), ''],
    [trans.__('Requests'), 'jp-tfs-num'],
    ['p50', 'jp-tfs-num jp-tfs-from560'],
    ['p99', 'jp-tfs-num jp-tfs-from480'],
    [trans.__('Errors'), 'jp-tfs-num jp-tfs-from480'],
    [trans.__('Batch'), 'jp-tfs-num jp-tfs-from560'],
  ];
  return (
    <thead>
      <tr>
        {heads.map(([text, kind]) => (
          <th key={text} scope="col" className={kind || undefined}>
            {text}
          </th>
        ))}
        {!isSaved && (
          <th scope="col">
            <span className="jp-tfs-hidden">{trans.__('Actions')}</span>
          </th>
        )}
      </tr>
    </thead>
  );
}
