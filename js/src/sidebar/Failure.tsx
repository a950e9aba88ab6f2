import * as React from 'react';
import type { Server } from '../api/entries';
import { Button } from '../ui/Button';
import { LogLines } from '../ui/LogLines';
import { useTools } from '../ui/tools';

const LAST_LINES = 5;

/** Why the server failed, what to do about it, and its last words. */
export function Failure({ server }: { readonly server: Server }): React.JSX.Element {
  const { trans, run } = useTools();
  const aboutPort = /\bport\b/i.test(server.reason ?? '');
  return (
    <>
      <div className="jp-tfs-Notice">
        <p>
          <strong>{server.reason || trans.__('The model server ended.')}</strong>
        </p>
        <div className="jp-tfs-line">
          {aboutPort && (
            <Button kind="accept" onClick={() => run('start', { anyPort: true })}>
              {trans.__('Use another port')}
            </Button>
          )}
          <Button {...(aboutPort ? {} : { kind: 'accept' })} onClick={() => run('start')}>
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
