/** What an output shows: the server as it is, or as it was when the cell ran. */

import type { Sample, Status } from '../api/entries';
import { isLive } from '../store/reading';
import { NOTHING_KNOWN, type Snapshot } from '../store/snapshot';
import { apply } from '../store/apply';
import type { PanelSpec } from './spec';

/**
 * `live`: values of now. `stale`: the last ones, of this page or of the cell, until the next event
 * is in. `saved`: those of the cell, as nobody tells newer ones of that server here.
 */
export type Mode = 'live' | 'stale' | 'saved';

export interface Sight {
  readonly mode: Mode;
  readonly known: Snapshot;
}

export function sightOf(spec: PanelSpec, told: Snapshot, saved: Snapshot): Sight {
  if (told.connection.state === 'refused' || isOther(spec, told)) {
    return { mode: 'saved', known: saved };
  }
  if (told.server === null) {
    return { mode: 'stale', known: saved };
  }
  return { mode: isLive(told) ? 'live' : 'stale', known: told };
}

/** What was known when the cell ran. */
export function savedIn(spec: PanelSpec): Snapshot {
  const status: Status | null | undefined = spec.saved;
  if (status == null) {
    return NOTHING_KNOWN;
  }
  const sample: Sample | null = status.sample && { ...status.sample, at: spec.at };
  return apply(NOTHING_KNOWN, { kind: 'status', status: { ...status, sample } }, spec.at);
}

/** Whether the server of this page is another one than that of the cell. */
function isOther(spec: PanelSpec, told: Snapshot): boolean {
  return spec.host !== undefined && told.host !== '' && spec.host !== told.host;
}
