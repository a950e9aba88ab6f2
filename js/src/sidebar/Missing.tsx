import * as React from 'react';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';

export const ENABLE_COMMAND = 'jupyter server extension enable server_ext';

/** What to do when the part of Jupyter that answers us is not enabled. */
export function Missing(): React.JSX.Element {
  const { trans, run, panel } = useTools();
  return (
    <>
      <p>
        <strong>{trans.__('The model server extension is not enabled.')}</strong>{' '}
        {trans.__('Run this in a terminal, then restart Jupyter:')}
      </p>
      <pre className="jp-tfs-Code" tabIndex={0}>
        {ENABLE_COMMAND}
      </pre>
      <div className="jp-tfs-line">
        <Button kind="accept" onClick={() => run('copy-text', { text: ENABLE_COMMAND })}>
          {trans.__('Copy command')}
        </Button>
        <Button onClick={() => panel.retry()}>{trans.__('Try again')}</Button>
      </div>
    </>
  );
}
