/** Keys that move in a table of rows with a menu each: Up, Down, Home, End, and letters to a name. */

import type * as React from 'react';

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

export function moveBetweenRows(event: React.KeyboardEvent<HTMLElement>): void {
  const { key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('tr[data-name]')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = nextOf(rows, at, key);
  const button = next?.querySelector<HTMLElement>('button');
  if (button) {
    event.preventDefault();
    button.focus();
  }
}

function nextOf(rows: readonly HTMLElement[], at: number, key: string): HTMLElement | undefined {
  const step = STEPS[key];
  if (step !== undefined) {
    return rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  }
  if (key === 'Home' || key === 'End') {
    return rows.at(key === 'Home' ? 0 : -1);
  }
  if (key.length !== 1 || key === ' ') {
    return undefined;
  }
  const after = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
  return after.find((row) => row.dataset['name']?.toLowerCase().startsWith(key.toLowerCase()));
}
