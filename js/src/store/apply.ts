/** What an event makes of what was known: a function, so that a test is a table. */

import type { Event } from '../api/events';
import type { Happening, LogLine, Model, Sample, Server, Version } from '../api/entries';
import { coloursOf } from './colours';
import { keyOf, pointOf, type Snapshot } from './snapshot';

const SHOWN_S = 60;
const MOST_LINES = 2000;
const MOST_HAPPENINGS = 200;
const SKEW_THAT_MATTERS_S = 2;

/** `now` is our own clock, in Unix seconds. */
export function apply(known: Snapshot, event: Event, now: number): Snapshot {
  const heardAt = now + known.skew;
  switch (event.kind) {
    case 'status': {
      const { server, models, sample, events, host = '' } = event.status;
      const happened = withHappenings(known.happened, events ?? []);
      const heard = withSample({ ...known, host, server, heardAt, happened }, sample, now);
      return withModels(heard, inPlace(known.models, models), known.server !== null && !known.lost);
    }
    case 'server':
      return { ...withServer(known, event.server), heardAt };
    case 'models': {
      const kept = known.models.filter((each) => !event.removed.includes(each.name));
      return withModels({ ...known, heardAt }, merged(kept, event.changed), true);
    }
    case 'sample':
      return withSample({ ...known, heardAt }, event.sample, now);
    case 'happened':
      return { ...known, heardAt, happened: withHappenings(known.happened, event.events) };
    case 'log':
      return { ...known, heardAt, logs: withLines(known.logs, event.lines) };
  }
}

/** Models that are there stay in their place; new ones come first. */
export function merged(known: readonly Model[], changed: readonly Model[]): readonly Model[] {
  const byName = new Map(changed.map((each) => [each.name, each]));
  const names = new Set(known.map((each) => each.name));
  const fresh = changed.filter((each) => !names.has(each.name));
  return [...fresh, ...known.map((each) => byName.get(each.name) ?? each)];
}

/** All models there are, those that were known in the order that they had. */
function inPlace(known: readonly Model[], models: readonly Model[]): readonly Model[] {
  const names = new Set(models.map((each) => each.name));
  return merged(
    known.filter((each) => names.has(each.name)),
    models,
  );
}

export function withLines(
  known: readonly LogLine[],
  lines: readonly LogLine[],
): readonly LogLine[] {
  const last = known.at(-1)?.seq ?? -1;
  const fresh = lines.filter((line) => line.seq > last);
  return fresh.length ? [...known, ...fresh].slice(-MOST_LINES) : known;
}

/** A status tells again what was told already: each thing is kept once. */
function withHappenings(
  known: readonly Happening[],
  more: readonly Happening[],
): readonly Happening[] {
  const keyOfOne = (each: Happening): string =>
    `${each.at} ${each.model ?? ''} ${each.version ?? ''} ${each.text}`;
  const keys = new Set(known.map(keyOfOne));
  const fresh = more.filter((each) => !keys.has(keyOfOne(each)));
  return fresh.length === 0
    ? known
    : [...known, ...fresh].sort((a, b) => a.at - b.at).slice(-MOST_HAPPENINGS);
}

function withServer(known: Snapshot, server: Server): Snapshot {
  const sample = server.state === 'running' || server.state === 'stopping' ? known.sample : null;
  return { ...known, server: withAddress(server, known.server), sample };
}

/** A server that starts again is where it was. */
function withAddress(server: Server, before: Server | null): Server {
  if (server.state !== 'restarting' || server.rest_url !== null || before === null) {
    return server;
  }
  return { ...server, rest_url: before.rest_url, grpc_target: before.grpc_target };
}

function withSample(known: Snapshot, sample: Sample | null, now: number): Snapshot {
  if (sample === null) {
    return { ...known, sample };
  }
  const ahead = sample.at - now;
  const skew = Math.abs(ahead) > SKEW_THAT_MATTERS_S ? ahead : 0;
  const askedAt = new Map(known.askedAt);
  for (const each of sample.versions) {
    if (each.per_second > 0) {
      askedAt.set(keyOf(each.name, each.version), sample.at);
    }
  }
  const points = lastMinute(known.points, pointOf(sample));
  const samples = lastMinute(known.samples, sample);
  return { ...known, sample, skew, askedAt, points, samples };
}

function lastMinute<T extends { readonly at: number }>(known: readonly T[], next: T): readonly T[] {
  const last = known.at(-1);
  if (last && next.at <= last.at) {
    return known; // the same second, told again after a reconnect
  }
  return [...known.filter((each) => each.at > next.at - SHOWN_S), next];
}

/** `watched`: what loads now was not loading before, or we know since when. */
function withModels(known: Snapshot, models: readonly Model[], watched: boolean): Snapshot {
  const now = known.heardAt ?? 0;
  const loadingSince = new Map<string, number>();
  const remembered = new Map<string, readonly Version[]>();
  for (const model of models) {
    const versions = model.versions.length ? model.versions : known.remembered.get(model.name);
    if (versions) {
      remembered.set(model.name, versions);
    }
    for (const version of model.versions) {
      const key = keyOf(model.name, version.version);
      const since = known.loadingSince.get(key);
      if (version.state === 'LOADING' && since !== undefined) {
        loadingSince.set(key, since);
      } else if (version.state === 'LOADING' && watched) {
        loadingSince.set(key, now);
      }
    }
  }
  return { ...known, models, loadingSince, remembered, colours: coloursOf(known.colours, models) };
}
