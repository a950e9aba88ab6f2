import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Server } from '../api/entries';
import type { Snapshot } from '../store/snapshot';
import { isLive, loadingOf, type ServerWord } from '../store/reading';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { Endpoints } from './Endpoints';
import { Failure } from './Failure';
import { Missing } from './Missing';
import { Stats } from './Stats';

interface Props {
  readonly known: Snapshot;
  readonly now: number;
  readonly word: ServerWord;
}

/** What explains the state of the server, and what can be done about it. */
export function Below(props: Props): React.JSX.Element | null {
  const { known, now, word } = props;
  const { server } = known;
  switch (word) {
    case 'missing':
      return <Missing />;
    case 'refused':
      return <Refused known={known} />;
    case 'reconnecting':
      return <Reconnecting known={known} />;
    case 'stopped':
      return <Stopped reason={server?.reason ?? ''} hasModels={known.models.length > 0} />;
    case 'starting':
      return server && <Loading known={known} />;
    case 'draining':
      return <Draining />;
    case 'failed':
      return server && <Failure server={server} />;
    case 'running':
      return server && <Running known={known} server={server} isRunning />;
    case 'restarting':
      return server && <Restarting known={known} server={server} now={now} />;
    case 'unknown':
      return null;
  }
}

function Refused({ known: { connection } }: { readonly known: Snapshot }): React.JSX.Element {
  const { trans, panel } = useTools();
  return (
    <div className="jp-tfs-Notice">
      <p>{connection.state === 'refused' ? connection.error.message : ''}</p>
      <div className="jp-tfs-line">
        <Button onClick={() => panel.retry()}>{trans.__('Try again')}</Button>
      </div>
    </div>
  );
}

function Reconnecting({ known }: { readonly known: Snapshot }): React.JSX.Element {
  const { trans, panel, numbers } = useTools();
  return (
    <>
      {known.heardAt !== null && (
        <p className="jp-tfs-small jp-tfs-muted">
          {trans.__('Values are from %1.', numbers.clock(known.heardAt - known.skew))}
        </p>
      )}
      <div>
        <Button onClick={() => panel.retry()}>{trans.__('Try now')}</Button>
      </div>
    </>
  );
}

interface StoppedProps {
  readonly reason: string;
  readonly hasModels: boolean;
}

/** Without models, to serve one is what comes first; that starts the server, too. */
function Stopped({ reason, hasModels }: StoppedProps): React.JSX.Element {
  const { trans, run } = useTools();
  return (
    <>
      {reason !== '' && <p className="jp-tfs-small jp-tfs-muted">{reason}</p>}
      <div>
        <Button {...(hasModels && { kind: 'accept' })} icon={runIcon} onClick={() => run('start')}>
          {trans.__('Start')}
        </Button>
      </div>
    </>
  );
}

function Draining(): React.JSX.Element {
  const { trans, run } = useTools();
  return (
    <div className="jp-tfs-line">
      <Button onClick={() => run('stop-now')}>{trans.__('Stop now')}</Button>
    </div>
  );
}

function Loading({ known }: { readonly known: Snapshot }): React.JSX.Element | null {
  const { trans } = useTools();
  const loading = loadingOf(known.models);
  return loading ? (
    <p className="jp-tfs-small jp-tfs-muted">
      {trans.__('Loading %1 of %2 models: %3', loading.number, known.models.length, loading.name)}
    </p>
  ) : null;
}

function Running(props: {
  readonly known: Snapshot;
  readonly server: Server;
  readonly isRunning?: boolean;
}): React.JSX.Element {
  const { known, server, isRunning = false } = props;
  return (
    <>
      <Endpoints server={server} />
      {known.models.length > 0 && <Stats known={known} live={isLive(known) && isRunning} />}
      {server.notes.length > 0 && (
        <div className="jp-tfs-small jp-tfs-muted">
          {server.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </div>
      )}
    </>
  );
}

function Restarting(props: {
  readonly known: Snapshot;
  readonly server: Server;
  readonly now: number;
}): React.JSX.Element {
  const { trans, numbers, run } = useTools();
  const { known, server, now } = props;
  const wait = Math.ceil((server.retry_at ?? 0) - now);
  return (
    <>
      <Running known={known} server={server} />
      <div className="jp-tfs-Notice jp-mod-busy">
        <p>
          <strong>{server.reason || trans.__('The server ended.')}</strong>{' '}
          {wait > 0 && `${trans.__('Next try in %1.', numbers.duration(wait))} `}
          {trans.__('Requests get 503 with Retry-After until it is back.')}
        </p>
        <div className="jp-tfs-line">
          <Button onClick={() => run('open-log')}>{trans.__('Open log')}</Button>
        </div>
      </div>
    </>
  );
}
