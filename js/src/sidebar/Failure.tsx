import * as React from 'react';
import type { Server } from '../api/entries';
import { Button } from '../ui/Button';
import { LogLines } from '../ui/LogLines';
import { useTools } from '../ui/tools';
import { remedyOf, type Remedy } from './remedy';

const LAST_LINES = 5;

/** Why the server failed, what to do about it, and its last words. */
export function Failure({ server }: { readonly server: Server }): React.JSX.Element {
  const { trans, run } = useTools();
  const remedy = remedyOf(server);
  return (
    <>
      <div className="jp-tfs-Notice">
        <p>
          <strong>{server.reason || trans.__('The model server ended.')}</strong>{' '}
          <Advice remedy={remedy} />
        </p>
        <div className="jp-tfs-line">
          {remedy === 'other-port' && (
            <Button kind="accept" onClick={() => run('start', { anyPort: true })}>
              {trans.__('Use another port')}
            </Button>
          )}
          <Button
            {...(remedy === 'other-port' ? {} : { kind: 'accept' })}
            onClick={() => run('start')}
          >
            {trans.__('Try again')}
          </Button>
        </div>
      </div>
      {server.lines.length > 0 && (
        <LogLines label={trans.__('Last log lines')} lines={server.lines.slice(-LAST_LINES)} />
      )}
      <div className="jp-tfs-line">
        <Button onClick={() => run('open-log')}>{trans.__('Open log')}</Button>
        <Button onClick={() => run('copy-report')}>{trans.__('Copy report')}</Button>
      </div>
    </>
  );
}

/** What to do, in one sentence. */
function Advice({ remedy }: { readonly remedy: Remedy }): React.JSX.Element | null {
  const { trans } = useTools();
  switch (remedy) {
    case 'other-port':
      return <>{trans.__('Stop that process or use another port.')}</>;
    case 'less-memory':
      return <>{trans.__('Serve fewer versions at a time, or raise the limit of memory.')}</>;
    case 'log':
      return <>{trans.__('The log says more.')}</>;
    case 'again':
      return null;
  }
}
