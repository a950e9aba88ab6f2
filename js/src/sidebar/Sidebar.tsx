import { addIcon, filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { isLive, serverWord } from '../store/reading';
import { IconButton } from '../ui/Button';
import { Notices } from '../ui/Notices';
import { useNow, useSnapshot, useTools } from '../ui/tools';
import { Empty } from './Empty';
import { Header } from './Header';
import { rowsOf } from './rows';
import { Tree } from './Tree';

const OPEN_AT_FIRST = 20; // more models than these are listed by name

export type Choices = Readonly<Record<string, boolean>>;

interface Props {
  readonly isShown: boolean;
  /** Which models were opened or closed by hand. */
  readonly choices: Choices;
  readonly onChoices: (choices: Choices) => void;
}

/** The whole sidebar: how the server is, and what it serves. */
export function Sidebar({ isShown, choices, onChoices }: Props): React.JSX.Element {
  const { trans, numbers } = useTools();
  const known = useSnapshot(isShown);
  const now = useNow(known.skew, known.sample?.at, isShown);
  const [filter, setFilter] = React.useState<string | null>(null);
  const isOpen = (name: string): boolean => choices[name] ?? known.models.length <= OPEN_AT_FIRST;
  const word = serverWord(known);
  const hasAnswered = known.server !== null;
  const isEmpty = hasAnswered && known.models.length === 0;
  const rows = rowsOf({ known, now, trans, numbers }, filter ?? '', isOpen);
  return (
    <>
      <Header known={known} now={now} />
      {isEmpty && (word === 'running' || word === 'stopped') && <Empty />}
      {known.models.length > 0 && (
        <>
          <ModelsBar count={known.models.length} filter={filter} setFilter={setFilter} />
          {rows.length === 0 && (
            <p className="jp-tfs-None jp-tfs-muted">
              {trans.__('No model has "%1" in its name.', filter ?? '')}
            </p>
          )}
          <Tree
            rows={rows}
            isStale={!isLive(known)}
            setOpen={(name, open) => onChoices({ ...choices, [name]: open })}
          />
        </>
      )}
      <Notices notices={known.notices} />
    </>
  );
}

interface BarProps {
  readonly count: number;
  readonly filter: string | null;
  readonly setFilter: (filter: string | null) => void;
}

function ModelsBar({ count, filter, setFilter }: BarProps): React.JSX.Element {
  const { trans, numbers, run } = useTools();
  return (
    <>
      <div className="jp-tfs-Bar">
        <h2>
          {trans.__('Models')} <span className="jp-tfs-muted">{numbers.count(count)}</span>
        </h2>
        <IconButton
          icon={filterIcon}
          label={trans.__('Filter models')}
          pressed={filter !== null}
          onClick={() => setFilter(filter === null ? '' : null)}
        />
        <IconButton
          icon={addIcon}
          label={trans.__('Serve a model directory')}
          onClick={() => run('serve-directory')}
        />
      </div>
      {filter !== null && (
        <div className="jp-tfs-Filter">
          <input
            className="jp-tfs-Input jp-mod-small"
            type="search"
            aria-label={trans.__('Filter models by name')}
            placeholder={trans.__('Name')}
            autoFocus
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') {
                event.stopPropagation();
                setFilter(null);
              }
            }}
          />
        </div>
      )}
    </>
  );
}
