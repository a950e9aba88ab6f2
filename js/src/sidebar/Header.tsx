import { ellipsesIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Snapshot } from '../store/snapshot';
import { SERVER } from '../store/snapshot';
import { isLive, serverWord, shapeOf, type ServerWord } from '../store/reading';
import { serverText } from '../format/words';
import { Button, IconButton } from '../ui/Button';
import { placeOf } from '../ui/place';
import { useTools } from '../ui/tools';
import { Endpoints } from './Endpoints';
import { Failure } from './Failure';
import { Missing } from './Missing';
import { Stats } from './Stats';

const CAN_STOP: readonly ServerWord[] = ['starting', 'running', 'restarting', 'reconnecting'];
const CAN_START: readonly ServerWord[] = ['failed'];
const HAS_ADDRESS: readonly ServerWord[] = ['running', 'restarting'];

interface Props {
  readonly known: Snapshot;
  readonly now: number;
}

/** The first bar and the state of the server below it. */
export function Header({ known, now }: Props): React.JSX.Element {
  const { trans, run } = useTools();
  const word = serverWord(known);
  const busy = known.pending.has(SERVER) || word === 'reconnecting';
  return (
    <>
      <div className="jp-tfs-Bar">
        <h2>{trans.__('Model server')}</h2>
        {CAN_STOP.includes(word) && (
          <>
            <IconButton
              icon={refreshIcon}
              label={trans.__('Restart server')}
              disabled={busy}
              onClick={() => run('restart')}
            />
            <IconButton
              icon={stopIcon}
              label={trans.__('Stop server')}
              disabled={busy}
              onClick={() => run('stop')}
            />
          </>
        )}
        {CAN_START.includes(word) && (
          <IconButton
            icon={runIcon}
            label={trans.__('Start server')}
            disabled={busy}
            onClick={() => run('start')}
          />
        )}
        {word !== 'missing' && (
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('More actions')}
            onClick={(event) => run('server-menu', placeOf(event.currentTarget))}
          />
        )}
      </div>
      <div className="jp-tfs-Server" role="group" aria-label={trans.__('Server')}>
        <p className="jp-tfs-Server-state">
          <span className="jp-tfs-State" data-state={shapeOf(word)} role="status">
            {serverText(trans, word)}
          </span>
          <StateDetail known={known} now={now} word={word} />
        </p>
        <Below known={known} word={word} />
      </div>
    </>
  );
}

function StateDetail(props: Props & { readonly word: ServerWord }): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const { known, now, word } = props;
  const { server, connection, sample } = known;
  const text = (() => {
    if (connection.state === 'waiting') {
      const left = Math.max(0, Math.ceil(connection.retryAt / 1000 - Date.now() / 1000));
      return trans.__('next try in %1', numbers.duration(left));
    }
    if (!server) {
      return '';
    }
    const age = numbers.duration(now - server.since);
    switch (word) {
      case 'starting':
        return known.pending.has(SERVER) && server.state !== 'starting' ? '' : age;
      case 'running':
        return age;
      case 'restarting':
        return server.retry_at !== null && server.retry_at > now + 1
          ? trans.__('next try in %1', numbers.duration(Math.ceil(server.retry_at - now)))
          : trans.__('attempt %1', Math.max(1, server.restarts));
      case 'draining':
        return sample ? trans._n('%1 request left', '%1 requests left', sample.in_flight) : '';
      case 'stopped':
        return trans.__('at %1', numbers.clock(server.since - known.skew, false));
      case 'failed':
        return trans.__('%1 ago', age);
      default:
        return '';
    }
  })();
  return text ? <span className="jp-tfs-muted">{text}</span> : null;
}

function Below(props: {
  readonly known: Snapshot;
  readonly word: ServerWord;
}): React.JSX.Element | null {
  const { trans, run, panel, numbers } = useTools();
  const { known, word } = props;
  const { server } = known;
  if (word === 'missing') {
    return <Missing />;
  }
  if (word === 'refused') {
    const { connection } = known;
    return (
      <div className="jp-tfs-Notice">
        <p>{connection.state === 'refused' ? connection.error.message : ''}</p>
        <div className="jp-tfs-line">
          <Button onClick={() => panel.retry()}>{trans.__('Try again')}</Button>
        </div>
      </div>
    );
  }
  if (word === 'reconnecting') {
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
  if (word === 'stopped') {
    return (
      <>
        {server?.reason && <p className="jp-tfs-small jp-tfs-muted">{server.reason}</p>}
        <div>
          <Button kind="accept" icon={runIcon} onClick={() => run('start')}>
            {trans.__('Start')}
          </Button>
        </div>
      </>
    );
  }
  if (!server) {
    return null;
  }
  if (word === 'starting') {
    return <Loading known={known} />;
  }
  if (word === 'failed') {
    return <Failure server={server} />;
  }
  return (
    <>
      {HAS_ADDRESS.includes(word) && <Endpoints server={server} />}
      {HAS_ADDRESS.includes(word) && known.models.length > 0 && (
        <Stats known={known} live={isLive(known) && word === 'running'} />
      )}
      {server.notes.length > 0 && (
        <div className="jp-tfs-small jp-tfs-muted">
          {server.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </div>
      )}
      {word === 'restarting' && (
        <div className="jp-tfs-Notice jp-mod-busy">
          <p>
            <strong>{server.reason || trans.__('The server ended.')}</strong>{' '}
            {trans.__('Requests get 503 with Retry-After until it is back.')}
          </p>
          <div className="jp-tfs-line">
            <Button onClick={() => run('open-log')}>{trans.__('Open log')}</Button>
          </div>
        </div>
      )}
    </>
  );
}

function Loading({ known }: { readonly known: Snapshot }): React.JSX.Element | null {
  const { trans } = useTools();
  const { models } = known;
  if (models.length === 0) {
    return null;
  }
  const answers = (index: number): boolean =>
    models[index]?.versions.some((version) => version.state === 'AVAILABLE') ?? false;
  const done = models.filter((_, index) => answers(index)).length;
  const next = models.find((_, index) => !answers(index));
  return next ? (
    <p className="jp-tfs-small jp-tfs-muted">
      {trans.__('Loading %1 of %2 models: %3', done + 1, models.length, next.name)}
    </p>
  ) : null;
}
