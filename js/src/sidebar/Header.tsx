import { ellipsesIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Snapshot } from '../store/snapshot';
import { SERVER } from '../store/snapshot';
import { serverWord, shapeOf, type ServerWord } from '../store/reading';
import { serverText } from '../format/words';
import { IconButton } from '../ui/Button';
import { placeOf } from '../ui/place';
import { useTools } from '../ui/tools';
import { Below } from './Below';
import { StateDetail } from './StateDetail';

const CAN_STOP: readonly ServerWord[] = ['starting', 'running', 'restarting', 'reconnecting'];
const CAN_START: readonly ServerWord[] = ['failed'];

interface Props {
  readonly known: Snapshot;
  readonly now: number;
}

/** The first bar and the state of the server below it. */
export function Header({ known, now }: Props): React.JSX.Element {
  const { trans } = useTools();
  const word = serverWord(known);
  const isBusy = known.pending.has(SERVER) || word === 'reconnecting';
  return (
    <>
      <div className="jp-tfs-Bar">
        <h2>{trans.__('Model server')}</h2>
        <Acts word={word} isBusy={isBusy} />
      </div>
      <div className="jp-tfs-Server" role="group" aria-label={trans.__('Server')}>
        <p className="jp-tfs-Server-state">
          <span className="jp-tfs-State" data-state={shapeOf(word)} role="status">
            {serverText(trans, word)}
          </span>
          <StateDetail known={known} now={now} word={word} />
        </p>
        <Below known={known} word={word} now={now} />
      </div>
    </>
  );
}

function Acts(props: {
  readonly word: ServerWord;
  readonly isBusy: boolean;
}): React.JSX.Element | null {
  const { trans, run } = useTools();
  const { word, isBusy } = props;
  const act = (command: string, label: string, icon: typeof runIcon): React.JSX.Element => (
    <IconButton icon={icon} label={label} disabled={isBusy} onClick={() => run(command)} />
  );
  return word === 'missing' ? null : (
    <>
      {CAN_STOP.includes(word) && act('restart', trans.__('Restart server'), refreshIcon)}
      {CAN_STOP.includes(word) && act('stop', trans.__('Stop server'), stopIcon)}
      {CAN_START.includes(word) && act('start', trans.__('Start server'), runIcon)}
      <IconButton
        icon={ellipsesIcon}
        label={trans.__('More actions')}
        onClick={(event) => run('server-menu', placeOf(event.currentTarget))}
      />
    </>
  );
}
