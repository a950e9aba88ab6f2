import * as React from 'react';
import { Notices } from '../ui/Notices';
import { useTools } from '../ui/tools';
import type { Sight } from './sight';

interface HeadProps {
  readonly title: string;
  readonly children?: React.ReactNode;
  readonly actions?: React.ReactNode;
}

/** The first line of an output: its subject, what is known of it at a glance, what can be done. */
export function Head({ title, children, actions }: HeadProps): React.JSX.Element {
  return (
    <div className="jp-tfs-Output-head">
      <h2>{title}</h2>
      {children}
      {actions && <div className="jp-tfs-actions">{actions}</div>}
    </div>
  );
}

/** That values are those of the time when the cell ran. */
export function SavedState({ at }: { readonly at: number }): React.JSX.Element {
  const { trans, numbers } = useTools();
  return (
    <>
      <span className="jp-tfs-State" data-state="off">
        {trans.__('Saved')}
      </span>
      <span className="jp-tfs-muted">{trans.__('as it was on %1', numbers.moment(at))}</span>
    </>
  );
}

/** What is said below saved values. */
export function SavedHint({ sight }: { readonly sight: Sight }): React.JSX.Element | null {
  const { trans } = useTools();
  return sight.mode === 'saved' ? (
    <p className="jp-tfs-small jp-tfs-muted">{trans.__('Run the cell to see it live.')}</p>
  ) : null;
}

/** What became of a click in this output, where the sidebar does not say it. */
export function OutputNotices(props: {
  readonly id: string;
  readonly sight: Sight;
}): React.JSX.Element | null {
  const { panel } = useTools();
  const { notices } = props.sight.known;
  const isSaid = panel.isSidebarShown || panel.currentView !== props.id;
  return isSaid || notices.length === 0 ? null : <Notices notices={notices} />;
}
