/** What the server says, as types and as the guards that hold it to them. */

import {
  dictOf,
  isNumber,
  isText,
  isYesNo,
  listOf,
  oneOf,
  optional,
  orNull,
  shape,
  type Guarded,
} from './guards';

const isOwner = shape({ notebook: isText, kernel: isText });

const maybeNumber = optional(orNull(isNumber));

/** Why the server ended or did not start, with what is known of it. */
const isCause = shape({
  kind: isText,
  port: maybeNumber,
  pid: maybeNumber,
  program: optional(orNull(isText)),
  signal: optional(orNull(isText)),
  exit_code: maybeNumber,
  seconds: maybeNumber,
  limit_bytes: maybeNumber,
});

export const isServer = shape({
  state: oneOf('stopped', 'starting', 'running', 'restarting', 'failed', 'stopping'),
  since: isNumber,
  reason: orNull(isText),
  lines: listOf(isText),
  pid: orNull(isNumber),
  restarts: isNumber,
  started_at: orNull(isNumber),
  rest_port: orNull(isNumber),
  grpc_port: orNull(isNumber),
  rest_url: orNull(isText),
  grpc_target: orNull(isText),
  notes: listOf(isText),
  batching: isText,
  retry_at: orNull(isNumber),
  max_restarts: optional(isNumber),
  /** For which time in a row it is started again; `restarts` counts since it was started. */
  attempt: optional(isNumber),
  cause: optional(orNull(isCause)),
  in_flight: maybeNumber,
  memory_limit_bytes: maybeNumber,
});

const isVersion = shape({
  version: isNumber,
  state: oneOf('START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'),
  error: orNull(shape({ code: isText, message: isText })),
  path: isText,
  in_flight: isNumber,
  requests: isNumber,
  errors: isNumber,
  signatures: listOf(isText),
  bytes: maybeNumber,
  memory_bytes: maybeNumber,
  loaded_at: maybeNumber,
  load_seconds: maybeNumber,
  since: maybeNumber,
  load_started_at: maybeNumber,
  load_expected_s: maybeNumber,
});

/** A directory of a version, whether it is served or not. */
const isOnDisk = shape({
  version: isNumber,
  bytes: maybeNumber,
  modified: maybeNumber,
});

export const isModel = shape({
  name: isText,
  base_path: isText,
  policy: isText,
  labels: dictOf(isNumber),
  problem: orNull(isText),
  versions: listOf(isVersion),
  owner: orNull(isOwner),
  wanted: orNull(isText),
  on_disk: optional(listOf(isOnDisk)),
});

const isVersionSample = shape({
  name: isText,
  version: isNumber,
  requests: isNumber,
  errors: isNumber,
  in_flight: isNumber,
  queued: isNumber,
  per_second: isNumber,
  errors_per_second: isNumber,
  p50_ms: orNull(isNumber),
  p90_ms: orNull(isNumber),
  p99_ms: orNull(isNumber),
  batch_rows: orNull(isNumber),
  memory_bytes: maybeNumber,
  batches: optional(orNull(dictOf(isNumber))),
  codes: optional(orNull(dictOf(isNumber))),
  reasons: optional(listOf(shape({ code: isNumber, reason: isText, count: isNumber }))),
});

/** All requests of a second together, whichever version they asked. */
const isWhole = shape({
  per_second: isNumber,
  errors_per_second: isNumber,
  p50_ms: orNull(isNumber),
  p90_ms: orNull(isNumber),
  p99_ms: orNull(isNumber),
  batch_rows: maybeNumber,
  /** How many batches had 1, 2-3, 4-7 ... rows; null where none ran. */
  batches: optional(orNull(dictOf(isNumber))),
});

export const isSample = shape({
  at: isNumber,
  rss_bytes: orNull(isNumber),
  cpu_seconds: orNull(isNumber),
  in_flight: isNumber,
  queued: isNumber,
  versions: listOf(isVersionSample),
  all: optional(orNull(isWhole)),
});

/** Something that happened to the server, to a model or to one of its versions. */
const isHappening = shape({
  at: isNumber,
  model: optional(orNull(isText)),
  version: maybeNumber,
  kind: isText,
  text: isText,
});

export const isStatus = shape({
  server: isServer,
  models: listOf(isModel),
  sample: orNull(isSample),
  events: optional(listOf(isHappening)),
  /** Which server this is, whatever its ports and its process are. */
  host: optional(isText),
});

const isMoment = shape({
  at: isNumber,
  per_second: maybeNumber,
  errors_per_second: maybeNumber,
  p50_ms: maybeNumber,
  p90_ms: maybeNumber,
  p99_ms: maybeNumber,
  queued: maybeNumber,
  batch_rows: maybeNumber,
  rss_bytes: maybeNumber,
});

const isErrorCount = shape({
  code: (value: unknown): value is number | string => isNumber(value) || isText(value),
  reason: optional(orNull(isText)),
  count: isNumber,
  last: maybeNumber,
});

/** What was, step by step; null where nothing is known. */
export const isHistory = shape({
  step_s: isNumber,
  points: listOf(orNull(isMoment)),
  batches: optional(orNull(dictOf(isNumber))),
  errors: optional(listOf(isErrorCount)),
  events: optional(listOf(isHappening)),
});

export const isAbout = shape({
  version: isText,
  api: isNumber,
  capabilities: dictOf(isYesNo),
  roots: listOf(isText),
  require_token: isYesNo,
});

export const isLogLine = shape({ seq: isNumber, at: isNumber, text: isText });
export const isLogs = shape({ lines: listOf(isLogLine), next: isNumber });
export const isNote = shape({ note: optional(isText) });
export const isFailure = shape({ message: isText, reason: optional(orNull(isText)) });
/** What the model server itself answers when it refuses. */
export const isModelFailure = shape({ error: isText });

export const isServerEvent = shape({ server: isServer });
export const isModelsEvent = shape({ changed: listOf(isModel), removed: listOf(isText) });
export const isHappenedEvent = shape({ events: listOf(isHappening) });
export const isLogEvent = shape({ lines: listOf(isLogLine) });

export type Server = Guarded<typeof isServer>;
export type Version = Guarded<typeof isVersion>;
export type Model = Guarded<typeof isModel>;
export type VersionSample = Guarded<typeof isVersionSample>;
export type Sample = Guarded<typeof isSample>;
export type Happening = Guarded<typeof isHappening>;
export type History = Guarded<typeof isHistory>;
export type Moment = Guarded<typeof isMoment>;
export type ErrorCount = Guarded<typeof isErrorCount>;
export type OnDisk = Guarded<typeof isOnDisk>;
export type Status = Guarded<typeof isStatus>;
export type About = Guarded<typeof isAbout>;
export type LogLine = Guarded<typeof isLogLine>;
export type Logs = Guarded<typeof isLogs>;
