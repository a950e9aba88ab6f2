import * as React from 'react';
import type { Server } from '../api/entries';
import type { ServerWord } from '../store/reading';
import { useTools } from '../ui/tools';

/** The last line of a log that grows no longer. */
export function LogEnd(props: {
  readonly server: Server | null;
  readonly word: ServerWord;
}): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const { server, word } = props;
  if (server === null || (word !== 'stopped' && word !== 'failed')) {
    return null;
  }
  const at = numbers.clock(server.since);
  return (
    <p className="jp-tfs-Log-end">
      <span />
      <span>
        {word === 'failed'
          ? trans.__('Log ends here: the server failed at %1.', at)
          : trans.__('Log ends here: the server stopped at %1.', at)}
      </span>
    </p>
  );
}
