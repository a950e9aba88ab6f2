/** From where the user is to the model server: asked of the server part once for each client. */

import * as React from 'react';
import type { Client } from '../../api/client';
import { useSnapshot, useTools } from '../../ui/tools';
import { whereFrom, type Where } from './where';

const known = new WeakMap<Client, Promise<boolean>>();

export function useWhere(): Where | null {
  const { client } = useTools().panel;
  const { server } = useSnapshot();
  const [wantsToken, setWantsToken] = React.useState(false);
  React.useEffect(() => {
    let isOver = false;
    const asked =
      known.get(client) ??
      client.about().then(
        (about) => about.require_token,
        () => false,
      );
    known.set(client, asked);
    void asked.then((wants) => {
      if (!isOver) {
        setWantsToken(wants);
      }
    });
    return () => {
      isOver = true;
    };
  }, [client]);
  const restUrl = server?.rest_url ?? null;
  const grpcTarget = server?.grpc_target ?? null;
  const jupyterUrl = client.url;
  return React.useMemo(
    () =>
      whereFrom({ host: window.location.hostname, restUrl, grpcTarget, jupyterUrl, wantsToken }),
    [restUrl, grpcTarget, jupyterUrl, wantsToken],
  );
}
