/** What the charts show now: what the server has kept, or else what this page has heard. */

import * as React from 'react';
import type { Range } from '../../api/client';
import type { Model, Sample } from '../../api/entries';
import type { Snapshot } from '../../store/snapshot';
import { fromHistory, fromSamples, type Measured } from './measured';
import { SPANS } from './span';
import { useHistory } from './useHistory';

export interface Wanted {
  readonly known: Snapshot;
  readonly model: Model;
  /** The version that was chosen; null for all. */
  readonly chosen: number | null;
  readonly range: Range;
  readonly isShown: boolean;
}

/** With what holds it, and lets it go on. */
export function useMeasured(wanted: Wanted): {
  readonly measured: Measured;
  readonly versions: readonly number[];
  readonly isHeld: boolean;
  readonly hold: (isHeld: boolean) => void;
} {
  const { known, model, chosen, range, isShown } = wanted;
  const [held, setHeld] = React.useState<Measured | null>(null);
  const versions = versionsIn(known.samples, model, chosen);
  const kept = useHistory(model.name, chosen, versions, range, isShown && held === null);
  const heard = fromSamples(known.samples, model.name, chosen, versions);
  const now = known.sample?.at ?? Date.now() / 1000 + known.skew;
  const { seconds } = SPANS[range];
  const byVersion = range === '1m' ? heard.byVersion : kept?.byVersion;
  const fresh = kept
    ? fromHistory(kept.history, byVersion ?? new Map(), seconds, now)
    : { ...heard, frame: { end: now, seconds, step: 1 } };
  const events = fresh.events.length > 0 ? fresh.events : known.happened;
  const measured = held ?? { ...fresh, events };
  React.useEffect(() => setHeld(null), [model.name, chosen, range]);
  return {
    measured,
    versions,
    isHeld: held !== null,
    hold: (isHeld) => setHeld(isHeld ? measured : null),
  };
}

/** Versions that are loaded, or were asked in this minute; the newest first. */
function versionsIn(
  samples: readonly Sample[],
  model: Model,
  chosen: number | null,
): readonly number[] {
  if (chosen !== null) {
    return [chosen];
  }
  const loaded = model.versions.filter(({ state }) => state === 'AVAILABLE');
  const asked = samples.flatMap(({ versions }) =>
    versions.filter(({ name }) => name === model.name).map(({ version }) => version),
  );
  return [...new Set([...loaded.map(({ version }) => version), ...asked])].sort((a, b) => b - a);
}
