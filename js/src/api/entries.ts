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
  bytes: optional(orNull(isNumber)),
  memory_bytes: optional(orNull(isNumber)),
  loaded_at: optional(orNull(isNumber)),
  load_seconds: optional(orNull(isNumber)),
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
});

export const isSample = shape({
  at: isNumber,
  rss_bytes: orNull(isNumber),
  cpu_seconds: orNull(isNumber),
  in_flight: isNumber,
  queued: isNumber,
  versions: listOf(isVersionSample),
});

export const isStatus = shape({
  server: isServer,
  models: listOf(isModel),
  sample: orNull(isSample),
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
export const isLogEvent = shape({ lines: listOf(isLogLine) });

export type Server = Guarded<typeof isServer>;
export type Version = Guarded<typeof isVersion>;
export type Model = Guarded<typeof isModel>;
export type VersionSample = Guarded<typeof isVersionSample>;
export type Sample = Guarded<typeof isSample>;
export type Status = Guarded<typeof isStatus>;
export type About = Guarded<typeof isAbout>;
export type LogLine = Guarded<typeof isLogLine>;
export type Logs = Guarded<typeof isLogs>;
