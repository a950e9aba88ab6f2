import { addIcon, caretDownIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from '../api/entries';
import { placeOf } from '../ui/place';
import type { Snapshot } from '../store/snapshot';
import { Button, Icon, IconButton } from '../ui/Button';
import { Middle } from '../ui/Middle';
import { Notices } from '../ui/Notices';
import { useChoice } from '../ui/useChoice';
import { useDragCell } from '../ui/useDragCell';
import { useNow, useSnapshot, useTools } from '../ui/tools';
import { Logs } from './Logs';
import { MetricsTab } from './metrics/MetricsTab';
import { SignaturesTab } from './SignaturesTab';
import { Tabs } from './Tabs';
import { TryTab } from './TryTab';
import { VersionsTab } from './versions/VersionsTab';

interface Props {
  readonly name: string;
  readonly isShown: boolean;
}

/** Why a model is as it is. */
export function ModelPage({ name, isShown }: Props): React.JSX.Element {
  const { trans, panel } = useTools();
  const known = useSnapshot(isShown);
  const now = useNow(known.skew, known.sample?.at, isShown);
  const [tab, setTab] = useChoice(`tab ${name}`, 'versions');
  const model = known.models.find((each) => each.name === name);
  if (!model) {
    return (
      <div className="jp-tfs-Page-head">
        <h1>{name}</h1>
        {known.server && <span className="jp-tfs-muted">{trans.__('is not served')}</span>}
      </div>
    );
  }
  const tabs = [
    {
      id: 'versions',
      label: trans.__('Versions'),
      view: () => <VersionsTab known={known} now={now} model={model} />,
    },
    {
      id: 'signatures',
      label: trans.__('Signatures'),
      view: () => <SignaturesTab model={model} />,
    },
    {
      id: 'try',
      label: trans.__('Try it'),
      view: () => <TryTab model={model} />,
    },
    {
      id: 'metrics',
      label: trans.__('Metrics'),
      view: () => <MetricsTab known={known} model={model} isShown={isShown} />,
    },
    {
      id: 'logs',
      label: trans.__('Logs'),
      view: () => <Logs isShown={isShown} filter={name} />,
    },
  ];
  return (
    <>
      <Head known={known} model={model} />
      <Tabs label={name} tabs={tabs} selected={tab} onSelect={setTab} />
      {!panel.isSidebarShown && <Notices notices={known.notices} />}
    </>
  );
}

function Head({
  known,
  model,
}: {
  readonly known: Snapshot;
  readonly model: Model;
}): React.JSX.Element {
  const { trans, numbers, panel, run } = useTools();
  const answering = model.versions.filter(({ state }) => state === 'AVAILABLE').length;
  const rate = (known.sample?.versions ?? [])
    .filter((each) => each.name === model.name)
    .reduce((sum, each) => sum + each.per_second, 0);
  const choose = (event: React.MouseEvent<HTMLElement>): void => {
    panel.currentRow = { model: model.name, ...placeOf(event.currentTarget) };
  };
  return (
    <div className="jp-tfs-Page-head">
      <Title name={model.name} />
      <span className="jp-tfs-muted jp-tfs-Page-rate">
        {answering === 0
          ? trans.__('No version answers')
          : trans._n('%1 version serves %2', '%1 versions serve %2', answering, numbers.rate(rate))}
      </span>
      <span className="jp-tfs-muted jp-tfs-from800 jp-tfs-Page-path">
        {trans.__('from')}&nbsp;
        <code>
          <Middle text={model.base_path} />
        </code>
      </span>
      <div className="jp-tfs-actions">
        <Button
          icon={addIcon}
          onClick={(event) => {
            choose(event);
            run('insert-client-cell', { model: model.name });
          }}
        >
          {trans.__('Insert client cell')}
        </Button>
        <Button
          onClick={(event) => {
            choose(event);
            run('load-version', { ...panel.currentRow });
          }}
        >
          {trans.__('Load a version')}
          <Icon icon={caretDownIcon} />
        </Button>
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More actions')}
          onClick={(event) => {
            choose(event);
            run('row-menu', { ...panel.currentRow });
          }}
        />
      </div>
    </div>
  );
}

/** The name, which can be dragged into a notebook. */
function Title({ name }: { readonly name: string }): React.JSX.Element {
  const { trans, has } = useTools();
  const drags = useDragCell(() => ({ model: name }));
  return has('drag-client-cell') ? (
    <h1 data-draggable title={trans.__('Drag into a notebook for a cell that asks it')} {...drags}>
      <Middle text={name} />
    </h1>
  ) : (
    <h1>
      <Middle text={name} />
    </h1>
  );
}
