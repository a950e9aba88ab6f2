/** What a row says: states in words and shapes, from what is known of the server and of a version. */

import type { Model, OnDisk, Server, Version } from '../api/entries';
import { keyOf, SERVER, type Snapshot } from './snapshot';

/** The shapes and colours of a state, see panel.css. */
export type Shape = 'running' | 'available' | 'loading' | 'unloading' | 'failed' | 'off';

export type ServerWord =
  | 'unknown'
  | 'missing'
  | 'refused'
  | 'reconnecting'
  | 'starting'
  | 'running'
  | 'restarting'
  | 'draining'
  | 'stopped'
  | 'failed';

export type VersionWord =
  | 'waiting'
  | 'loading'
  | 'available'
  | 'unloading'
  | 'unloaded'
  | 'failed'
  | 'removing'
  | 'on-disk';

const OF_SERVER: Readonly<Record<Server['state'], ServerWord>> = {
  starting: 'starting',
  running: 'running',
  restarting: 'restarting',
  stopping: 'draining',
  stopped: 'stopped',
  failed: 'failed',
};

const OF_VERSION: Readonly<Record<Version['state'], VersionWord>> = {
  START: 'waiting',
  LOADING: 'loading',
  AVAILABLE: 'available',
  UNLOADING: 'unloading',
  END: 'unloaded',
};

export function serverWord(known: Snapshot): ServerWord {
  const { connection, server } = known;
  if (connection.state === 'refused') {
    return connection.error.isMissing ? 'missing' : 'refused';
  }
  if (
    connection.state === 'waiting' ||
    (connection.state === 'connecting' && server && known.lost)
  ) {
    return 'reconnecting';
  }
  if (server === null) {
    return 'unknown';
  }
  const doing = known.pending.get(SERVER);
  if (doing === 'stopping' && server.state === 'running') {
    return 'draining';
  }
  if (doing === 'starting' && (server.state === 'stopped' || server.state === 'failed')) {
    return 'starting';
  }
  return OF_SERVER[server.state];
}

/** Whether numbers are those of now; else they are shown muted. */
export function isLive(known: Snapshot): boolean {
  return known.connection.state === 'live';
}

export function versionWord(known: Snapshot, model: Model, version: Version): VersionWord {
  const doing = known.pending.get(keyOf(model.name, version.version));
  if (known.pending.get(keyOf(model.name)) === 'removing') {
    return 'removing';
  }
  if (doing === 'unloading' && version.state === 'AVAILABLE') {
    return 'unloading';
  }
  if (doing === 'loading' && version.state === 'END') {
    return 'waiting';
  }
  if (version.error && version.state === 'END') {
    return 'failed';
  }
  return OF_VERSION[version.state];
}

const SHAPES: Readonly<Record<ServerWord | VersionWord, Shape>> = {
  unknown: 'off',
  missing: 'off',
  refused: 'failed',
  reconnecting: 'loading',
  starting: 'loading',
  running: 'running',
  restarting: 'loading',
  draining: 'unloading',
  stopped: 'off',
  failed: 'failed',
  waiting: 'loading',
  loading: 'loading',
  available: 'available',
  unloading: 'unloading',
  unloaded: 'off',
  removing: 'unloading',
  'on-disk': 'off',
};

export function shapeOf(word: ServerWord | VersionWord): Shape {
  return SHAPES[word];
}

/** The labels of a version, in the order of the alphabet. */
export function labelsOf(model: Model, version: number): string[] {
  return Object.entries(model.labels)
    .filter(([, at]) => at === version)
    .map(([label]) => label)
    .sort((a, b) => a.localeCompare(b));
}

/** The newest version that answers and is older than this one. */
export function olderOf(model: Model, version: number): Version | undefined {
  return [...model.versions]
    .sort((a, b) => b.version - a.version)
    .find((each) => each.version < version && each.state === 'AVAILABLE');
}

/** Who could take over from a version: the one before it, or else the newest other one. */
export function otherOf(model: Model, version: number): Version | undefined {
  const others = [...model.versions].sort((a, b) => b.version - a.version);
  return (
    olderOf(model, version) ??
    others.find((each) => each.version !== version && each.state === 'AVAILABLE')
  );
}

const COMES_BACK_S = 5;
const MOST_ON_DISK = 200; // the server tells no more of a model

/**
 * Versions as they are listed: the newest first. While the server does not run, those that it had
 * stay in their place; when it is back they wait until it has looked. Of one that was unloaded and
 * then deleted there is nothing left to list.
 */
export function versionsOf(known: Snapshot, model: Model, now: number): readonly Version[] {
  const there = model.versions.length > 0 ? model.versions : gone(known, model, now);
  return there
    .filter((version) => !isDeleted(model, version))
    .sort((a, b) => b.version - a.version);
}

/** Whether a version has ended and its files are gone. Without any files nobody may have looked. */
export function isDeleted(model: Model, { version, state, error }: Version): boolean {
  const files = model.on_disk ?? [];
  const isTold = files.length > 0 && files.length < MOST_ON_DISK;
  return isTold && state === 'END' && !error && !files.some((each) => each.version === version);
}

function gone(known: Snapshot, model: Model, now: number): readonly Version[] {
  const { server } = known;
  const back = server?.state === 'running';
  if (back && now - server.since > COMES_BACK_S) {
    return [];
  }
  const coming = back || server?.state === 'starting' || server?.state === 'restarting';
  const state = coming ? 'START' : 'END';
  const before = known.remembered.get(model.name) ?? [];
  return before.map((version) => ({ ...version, state, error: null }));
}

/** How far a load is: how long it has taken, and if that is honest, its part and what is left. */
export interface Progress {
  readonly elapsed: number;
  /** From 0 to 1; null unless the server expects an end from earlier loads or from the size. */
  readonly part: number | null;
  readonly left: number | null;
}

/** Null where nothing is known of when the load began. */
export function progressOf(
  known: Snapshot,
  model: Model,
  version: Version,
  now: number,
): Progress | null {
  const seen = known.loadingSince.get(keyOf(model.name, version.version));
  const since = version.load_started_at ?? seen;
  if (since === undefined) {
    return null;
  }
  const elapsed = Math.max(0, now - since);
  const expected = version.load_expected_s ?? 0;
  const isHonest = elapsed < expected;
  return {
    elapsed,
    part: isHonest ? elapsed / expected : null,
    left: isHonest ? expected - elapsed : null,
  };
}

/** Which of the models is loaded now, counted from 1; null when each has a version that answers. */
export function loadingOf(
  models: readonly Model[],
): { readonly number: number; readonly name: string } | null {
  const answers = (model: Model): boolean =>
    model.versions.some((version) => version.state === 'AVAILABLE');
  const next = models.find((model) => !answers(model));
  return next ? { number: models.filter(answers).length + 1, name: next.name } : null;
}

/** Versions that lie on disk and of which the server says nothing else, the newest first. */
export function onDiskOf(model: Model): readonly OnDisk[] {
  const listed = new Set(model.versions.map((each) => each.version));
  return (model.on_disk ?? [])
    .filter((each) => !listed.has(each.version))
    .sort((a, b) => b.version - a.version);
}
