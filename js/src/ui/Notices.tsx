import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Button, IconButton } from './Button';
import { useTools } from './tools';
import type { Notice } from '../store/snapshot';

/** What became of what somebody asked for, at the end of the view. */
export function Notices({ notices }: { readonly notices: readonly Notice[] }): React.JSX.Element {
  const { trans, panel } = useTools();
  return (
    <div className="jp-tfs-Notices" role="status">
      {notices.map((notice) => (
        <div
          key={notice.id}
          className={`jp-tfs-Notice${notice.kind === 'done' ? ' jp-mod-done' : ''}`}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              panel.store.close(notice.id);
            }
          }}
        >
          <p>{notice.text}</p>
          <span className="jp-tfs-Notice-acts">
            {notice.undo && (
              <Button
                onClick={() => {
                  panel.store.close(notice.id);
                  notice.undo?.();
                }}
              >
                {trans.__('Undo')}
              </Button>
            )}
            <IconButton
              icon={closeIcon}
              label={trans.__('Close')}
              onClick={() => panel.store.close(notice.id)}
            />
          </span>
        </div>
      ))}
    </div>
  );
}
