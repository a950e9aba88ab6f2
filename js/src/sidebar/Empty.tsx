import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Button, IconButton } from '../ui/Button';
import { useTools } from '../ui/tools';

/** What to do first: shown as long as nothing is served. */
export function Empty(): React.JSX.Element {
  const { trans, run } = useTools();
  const steps = [
    { line: '%tfs_serve model', about: trans.__('Serve the model in this variable') },
    { line: '%tfs_predict model X[:3]', about: trans.__('Ask it for answers') },
    { line: '%tfs_status', about: trans.__('See what is served, and how fast') },
  ];
  return (
    <div className="jp-tfs-Empty">
      <p>
        <strong>{trans.__('Nothing is served yet.')}</strong>
        <br />
        {trans.__('Run a line in a notebook, or pick a directory that holds a SavedModel.')}
      </p>
      <ol>
        {steps.map(({ line, about }) => (
          <li key={line}>
            <code>{line}</code>
            <IconButton
              icon={addIcon}
              label={trans.__('Insert %1 into the notebook', line)}
              onClick={() => run('insert-cell', { text: line, magic: true })}
            />
            <span>{about}</span>
          </li>
        ))}
      </ol>
      <div>
        <Button large kind="accept" onClick={() => run('serve-directory')}>
          {trans.__('Serve a directory…')}
        </Button>
      </div>
      <p className="jp-tfs-small jp-tfs-muted">
        {trans.__(
          'A directory in the file browser has the same command in its context menu: Serve this model.',
        )}
      </p>
    </div>
  );
}
