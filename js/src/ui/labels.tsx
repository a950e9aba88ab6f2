/** What every list of versions can do: labels are dragged from one to another, a menu opens. */

import * as React from 'react';
import { useTools } from './tools';

/** A version as a list shows it; labels are joined by spaces, which no label has. */
interface Row {
  readonly model: string;
  readonly version: number;
  readonly labels: string;
}

/** A label on its way, and where it comes from. */
export interface Dragged {
  readonly model: string;
  readonly version: number;
  readonly label: string;
}

export type OnDrag = (dragged: Dragged | null) => void;

/** The labels of a version; with a hint they can be dragged. */
export function Labels(props: {
  readonly row: Row;
  readonly hint?: string | undefined;
  readonly onDrag: OnDrag;
}): React.JSX.Element {
  const { row, hint, onDrag } = props;
  const labels = row.labels === '' ? [] : row.labels.split(' ');
  return (
    <>
      {labels.map((label) => (
        <span
          key={label}
          className={`jp-tfs-Chip${hint === undefined ? ' jp-mod-still' : ''}`}
          draggable={hint !== undefined}
          title={hint}
          onDragStart={(event) => {
            event.stopPropagation();
            event.dataTransfer.setData('text/plain', label);
            event.dataTransfer.effectAllowed = 'move';
            onDrag({ model: row.model, version: row.version, label });
          }}
          onDragEnd={() => onDrag(null)}
        >
          {label}
        </span>
      ))}
    </>
  );
}

/** Lets a label be dropped on a version, as long as it is a target. */
export function useDrop(
  row: Omit<Row, 'labels'>,
  isTarget: boolean,
  onDrag: OnDrag,
): Required<Pick<React.HTMLAttributes<HTMLElement>, 'onDragOver' | 'onDrop'>> {
  const { run } = useTools();
  return {
    onDragOver: (event) => {
      if (isTarget) {
        event.preventDefault();
      }
    },
    onDrop: (event) => {
      event.preventDefault();
      const label = event.dataTransfer.getData('text/plain');
      run('set-label', { model: row.model, version: row.version, label });
      onDrag(null);
    },
  };
}

/** Opens the menu of a version. */
export function useMenu(model: string, version: number): (x: number, y: number) => void {
  const { panel, run } = useTools();
  return (x, y) => {
    panel.currentRow = { model, version, x, y };
    run('row-menu', { ...panel.currentRow });
  };
}
