/** All that is shown, as one value that never changes: a change makes another. */

import type { Connection } from '../api/stream';
import type { Happening, LogLine, Model, Sample, Server, Version } from '../api/entries';

/** One second of the whole server. */
export interface Point {
  readonly at: number;
  readonly perSecond: number;
  readonly errors: number;
}

/** What happened to something that somebody asked for; shown until it is closed or has aged. */
export interface Notice {
  readonly id: number;
  readonly kind: 'done' | 'failed';
  readonly text: string;
  readonly undo?: () => void;
}

export interface Snapshot {
  readonly connection: Connection;
  /** Whether the connection ended by itself, and is not back yet. */
  readonly lost: boolean;
  /** Which server this is, whatever its ports and its process are; empty where it does not tell. */
  readonly host: string;
  readonly server: Server | null;
  readonly models: readonly Model[];
  /** The last versions that each model had: they stay listed while the server does not run. */
  readonly remembered: ReadonlyMap<string, readonly Version[]>;
  readonly sample: Sample | null;
  /** The last minute, oldest first: of the whole server, and as it was told. */
  readonly points: readonly Point[];
  readonly samples: readonly Sample[];
  /** The colours of loaded versions, from 1; a version keeps its own as long as it is loaded. */
  readonly colours: ReadonlyMap<string, number>;
  /** When a version was first seen loading, in Unix seconds of the server. */
  readonly loadingSince: ReadonlyMap<string, number>;
  /** When a version was last asked for something, in Unix seconds of the server. */
  readonly askedAt: ReadonlyMap<string, number>;
  /** What is being done to a row, or to the server (SERVER), at somebody's wish. */
  readonly pending: ReadonlyMap<string, Doing>;
  readonly notices: readonly Notice[];
  readonly logs: readonly LogLine[];
  /** What happened of late, oldest first. */
  readonly happened: readonly Happening[];
  /** When the server was last heard, in its own Unix seconds. */
  readonly heardAt: number | null;
  /** Seconds that the server's clock is ahead of ours. */
  readonly skew: number;
}

export type Doing =
  'starting' | 'stopping' | 'restarting' | 'loading' | 'unloading' | 'removing' | 'labelling';

export const SERVER = '';
export const NOTHING_KNOWN: Snapshot = {
  connection: { state: 'idle' },
  lost: false,
  host: '',
  server: null,
  models: [],
  remembered: new Map(),
  sample: null,
  points: [],
  samples: [],
  colours: new Map(),
  loadingSince: new Map(),
  askedAt: new Map(),
  pending: new Map(),
  notices: [],
  logs: [],
  happened: [],
  heardAt: null,
  skew: 0,
};

/** The key of a model's row, or of one of its versions. */
export function keyOf(model: string, version?: number): string {
  return version === undefined ? model : `${model}/${version}`;
}

export function pointOf(sample: Sample): Point {
  let perSecond = 0;
  let errors = 0;
  for (const each of sample.versions) {
    perSecond += each.per_second;
    errors += each.errors_per_second;
  }
  return { at: sample.at, perSecond, errors };
}
