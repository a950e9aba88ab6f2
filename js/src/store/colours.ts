/** Which of the four colours a version has; from the fifth loaded one on it has none. */

import type { Model } from '../api/entries';
import { keyOf } from './snapshot';

const COLOURS = [1, 2, 3, 4];

export function coloursOf(
  before: ReadonlyMap<string, number>,
  models: readonly Model[],
): ReadonlyMap<string, number> {
  const colours = new Map<string, number>();
  for (const model of models) {
    const loaded = model.versions
      .filter(({ state }) => state === 'AVAILABLE' || state === 'UNLOADING')
      .map(({ version }) => version)
      .sort((a, b) => a - b);
    const taken = new Set<number>();
    for (const version of loaded) {
      const kept = before.get(keyOf(model.name, version));
      if (kept !== undefined) {
        colours.set(keyOf(model.name, version), kept);
        taken.add(kept);
      }
    }
    for (const version of loaded) {
      const free = COLOURS.find((colour) => !taken.has(colour));
      if (!colours.has(keyOf(model.name, version)) && free !== undefined) {
        colours.set(keyOf(model.name, version), free);
        taken.add(free);
      }
    }
  }
  return colours;
}
