/** Where a key leads in the tree: a function of the rows that are shown. */

import type { ModelRow } from './rows';

export interface Spot {
  readonly key: string;
  readonly model: string;
  readonly version?: number;
}

export type Move =
  | { readonly kind: 'focus'; readonly key: string }
  | { readonly kind: 'open' | 'close'; readonly model: string };

/** All rows from top to bottom. */
export function spotsOf(rows: readonly ModelRow[]): readonly Spot[] {
  return rows.flatMap((row) => [
    { key: row.key, model: row.name },
    ...row.versions.map(({ key, version }) => ({ key, model: row.name, version })),
  ]);
}

/** What a key does at a row; null if it is none of the tree's. */
export function moveOf(rows: readonly ModelRow[], at: string, pressed: string): Move | null {
  const spots = spotsOf(rows);
  const index = spots.findIndex((spot) => spot.key === at);
  const spot = spots[index];
  if (!spot) {
    return null;
  }
  const model = rows.find((row) => row.name === spot.model);
  const toward = (to: number): Move | null => {
    const found = spots[to];
    return found ? { kind: 'focus', key: found.key } : null;
  };
  switch (pressed) {
    case 'ArrowDown':
      return toward(index + 1);
    case 'ArrowUp':
      return toward(index - 1);
    case 'Home':
      return toward(0);
    case 'End':
      return toward(spots.length - 1);
    case 'ArrowRight':
      if (spot.version !== undefined) {
        return null;
      }
      return model?.isOpen ? toward(index + 1) : { kind: 'open', model: spot.model };
    case 'ArrowLeft':
      if (spot.version !== undefined) {
        return { kind: 'focus', key: spot.model };
      }
      return model?.isOpen ? { kind: 'close', model: spot.model } : null;
    default:
      return null;
  }
}

/** The next row after this one, around the end, whose name begins so. */
export function findByName(rows: readonly ModelRow[], at: string, typed: string): string | null {
  const spots = spotsOf(rows);
  const start = spots.findIndex((spot) => spot.key === at);
  const from = typed.length > 1 ? start : start + 1;
  const turned = [...spots.slice(from), ...spots.slice(0, from)];
  const name = (spot: Spot): string =>
    spot.version === undefined ? spot.model : String(spot.version);
  const found = turned.find((spot) => name(spot).toLowerCase().startsWith(typed.toLowerCase()));
  return found?.key ?? null;
}
