import * as React from 'react';
import type { Model } from '../../api/entries';
import { servedText } from '../../format/words';
import { moveBetweenRows } from '../../output/rowKeys';
import { rowsOf } from '../../sidebar/rows';
import { onDiskOf } from '../../store/reading';
import type { Snapshot } from '../../store/snapshot';
import { Button } from '../../ui/Button';
import type { Dragged } from '../../ui/labels';
import { useTools } from '../../ui/tools';
import { Happened } from './Happened';
import { Heads } from './Heads';
import { OnDiskRow } from './OnDiskRow';
import { VersionLine } from './VersionLine';

const MOST = 40;
const MOST_ON_DISK = 5;

interface Props {
  readonly known: Snapshot;
  readonly now: number;
  readonly model: Model;
}

/** All versions of a model, one fact a column, and what happened to them. */
export function VersionsTab({ known, now, model }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const [dragged, setDragged] = React.useState<Dragged | null>(null);
  const [isWhole, setWhole] = React.useState(false);
  const alone = { ...known, models: [model] };
  const [row] = rowsOf({ known: alone, now, trans, numbers }, '', () => true);
  const versions = row?.versions ?? [];
  const files = onDiskOf(model);
  const lines = isWhole ? versions : versions.slice(0, MOST);
  const shownFiles = isWhole ? files : files.slice(0, MOST_ON_DISK);
  const hidden = versions.length - lines.length + files.length - shownFiles.length;
  if (versions.length + files.length === 0) {
    return (
      <div className="jp-tfs-Pane">
        <p className="jp-tfs-muted">
          {model.problem ?? trans.__('This model has no versions in %1 yet.', model.base_path)}
        </p>
        <Happened known={known} model={model} />
      </div>
    );
  }
  return (
    <div className="jp-tfs-Pane">
      {model.problem !== null && <p className="jp-tfs-Error">{model.problem}</p>}
      <div
        className="jp-tfs-Scroll"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Versions table')}
        onKeyDown={moveBetweenRows}
      >
        <table className="jp-tfs-Table">
          <Heads />
          <tbody>
            {lines.map((each) => (
              <VersionLine
                key={each.key}
                {...{ known, now, model, row: each, dragged, onDrag: setDragged }}
              />
            ))}
            {shownFiles.map((each) => (
              <OnDiskRow key={each.version} model={model} files={each} now={now} />
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && (
        <div>
          <Button onClick={() => setWhole(true)}>
            {trans._n('Show %1 more version', 'Show %1 more versions', hidden)}
          </Button>
        </div>
      )}
      <Policy model={model} />
      <Happened known={known} model={model} />
    </div>
  );
}

/** Which versions are served, who takes over, and how a label is set. */
function Policy({ model }: { readonly model: Model }): React.JSX.Element {
  const { trans } = useTools();
  const newest = (state: string): number =>
    Math.max(...model.versions.filter((each) => each.state === state).map((each) => each.version));
  const [coming, serving] = [newest('LOADING'), newest('AVAILABLE')];
  return (
    <p className="jp-tfs-muted jp-tfs-small">
      {coming > serving &&
        Number.isFinite(serving) &&
        `${trans.__('Requests without a version go to %1 when it is loaded; %2 answers until then.', coming, serving)} `}
      {servedText(trans, model.wanted ?? model.policy)}{' '}
      {trans.__('Drag a label to another version, or set it from the menu of a version.')}
    </p>
  );
}
