import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Server } from '../api/entries';
import { IconButton } from '../ui/Button';
import { useTools } from '../ui/tools';

/** Where the model server listens, to be copied. */
export function Endpoints({ server }: { readonly server: Server }): React.JSX.Element | null {
  const { trans, run } = useTools();
  const rest = server.rest_url;
  const grpc = server.grpc_target;
  if (rest === null && grpc === null) {
    return null;
  }
  return (
    <dl className="jp-tfs-Endpoints">
      {rest !== null && (
        <>
          <dt>REST</dt>
          <dd>
            <code title={rest}>{rest.replace(/^https?:\/\//, '').replace(/\/$/, '')}</code>
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy REST address')}
              onClick={() => run('copy-text', { text: rest })}
            />
          </dd>
        </>
      )}
      {grpc !== null && (
        <>
          <dt>gRPC</dt>
          <dd>
            <code title={grpc}>{grpc}</code>
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy gRPC address')}
              onClick={() => run('copy-text', { text: grpc })}
            />
          </dd>
        </>
      )}
    </dl>
  );
}
