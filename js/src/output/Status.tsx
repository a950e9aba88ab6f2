import { ellipsesIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { serverText } from '../format/words';
import { Failure } from '../sidebar/Failure';
import { placeOf } from '../ui/place';
import { serverWord, shapeOf, type ServerWord } from '../store/reading';
import { SERVER } from '../store/snapshot';
import { Button, IconButton } from '../ui/Button';
import { useNow, useTools } from '../ui/tools';
import { Head, SavedHint, SavedState } from './Frame';
import { factsOf } from './serverFacts';
import type { Sight } from './sight';
import type { ServerSpec } from './spec';
import { VersionsTable } from './VersionsTable';

interface Props {
  readonly spec: ServerSpec;
  readonly sight: Sight;
  readonly isInSight: boolean;
}

const CAN_STOP: readonly ServerWord[] = ['starting', 'running', 'restarting', 'reconnecting'];

/** The server, and each version that it knows. */
export function Status({ spec, sight, isInSight }: Props): React.JSX.Element {
  const { trans } = useTools();
  const { known, mode } = sight;
  const now = useNow(known.skew, known.sample?.at, isInSight && mode === 'live');
  const at = mode === 'live' ? now : (known.heardAt ?? spec.at);
  const models = spec.models ?? (spec.model === undefined ? null : [spec.model]);
  return (
    <>
      <ServerLine sight={sight} at={spec.at} now={at} />
      <Trouble sight={sight} />
      {known.models.length > 0 ? (
        <VersionsTable sight={sight} now={at} models={models} />
      ) : (
        <p className="jp-tfs-muted">
          {trans.__('Nothing is served yet.')} {trans.__('Next:')} <code>%tfs_serve NAME</code>
        </p>
      )}
      <SavedHint sight={sight} />
    </>
  );
}

/** How the server is, in words, with what can be done to it. */
function ServerLine(props: {
  readonly sight: Sight;
  readonly at: number;
  readonly now: number;
}): React.JSX.Element {
  const { trans, numbers } = useTools();
  const { known, mode } = props.sight;
  const title = trans.__('Model server');
  if (mode === 'saved') {
    return (
      <Head title={title}>
        <SavedState at={props.at} />
      </Head>
    );
  }
  const word = known.connection.state === 'idle' ? stateOf(props.sight) : serverWord(known);
  const facts = factsOf(known, word, props.now, trans, numbers);
  return (
    <Head title={title} actions={<Actions word={word} isBusy={known.pending.has(SERVER)} />}>
      <span className="jp-tfs-State" data-state={shapeOf(word)} role="status">
        {serverText(trans, word)}
      </span>
      <span className="jp-tfs-muted">{facts.join(' · ')}</span>
    </Head>
  );
}

/** The state that the cell saw: nothing newer is known yet. */
function stateOf({ known }: Sight): ServerWord {
  return serverWord({ ...known, connection: { state: 'live' } });
}

function Actions(props: {
  readonly word: ServerWord;
  readonly isBusy: boolean;
}): React.JSX.Element {
  const { trans, run, has } = useTools();
  const { word } = props;
  const isBusy = props.isBusy || word === 'reconnecting';
  return (
    <>
      {(word === 'stopped' || word === 'failed') && (
        <Button icon={runIcon} disabled={isBusy} onClick={() => run('start')}>
          {trans.__('Start')}
        </Button>
      )}
      {CAN_STOP.includes(word) && (
        <>
          <IconButton
            icon={refreshIcon}
            label={trans.__('Restart server')}
            disabled={isBusy}
            onClick={() => run('restart')}
          />
          <IconButton
            icon={stopIcon}
            label={trans.__('Stop server')}
            disabled={isBusy}
            onClick={() => run('stop')}
          />
        </>
      )}
      {has('server-menu') && (
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More actions')}
          onClick={(event) => run('server-menu', placeOf(event.currentTarget))}
        />
      )}
    </>
  );
}

/** Why the server does not run, and what happens to requests meanwhile. */
function Trouble({ sight }: { readonly sight: Sight }): React.JSX.Element | null {
  const { trans } = useTools();
  const { server } = sight.known;
  if (server === null || sight.mode === 'saved') {
    return null;
  }
  if (server.state === 'failed') {
    return <Failure server={server} />;
  }
  if (server.state !== 'restarting') {
    return null;
  }
  return (
    <div className="jp-tfs-Notice jp-mod-busy">
      <p>
        <strong>{server.reason || trans.__('The server ended.')}</strong>{' '}
        {trans.__('Requests get 503 with Retry-After until it is back.')}
      </p>
    </div>
  );
}
