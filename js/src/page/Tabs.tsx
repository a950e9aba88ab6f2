import * as React from 'react';

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly view: () => React.JSX.Element;
}

interface Props {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/** Tabs that select as the arrows move, and the pane of the selected one. */
export function Tabs({ label, tabs, selected, onSelect }: Props): React.JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  const prefix = React.useId();
  const index = Math.max(
    0,
    tabs.findIndex((tab) => tab.id === selected),
  );
  const current = tabs[index];
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[
      event.key
    ];
    const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (tab) {
      event.preventDefault();
      onSelect(tab.id);
      list.current?.querySelector<HTMLElement>(`[data-tab="${tab.id}"]`)?.focus();
    }
  };
  return (
    <>
      <div
        ref={list}
        className="jp-tfs-Tabs"
        role="tablist"
        aria-label={label}
        onKeyDown={onKeyDown}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${prefix}-${tab.id}`}
            data-tab={tab.id}
            data-text={tab.label}
            aria-selected={tab === current}
            aria-controls={`${prefix}-pane`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {current && (
        <div
          key={current.id}
          id={`${prefix}-pane`}
          className="jp-tfs-Tabpanel"
          role="tabpanel"
          aria-labelledby={`${prefix}-${current.id}`}
        >
          {current.view()}
        </div>
      )}
    </>
  );
}
