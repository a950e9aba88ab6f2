/** Values as the server sends them. */

import type { Model, Sample, Server, Version } from '../src/api/entries';
import { NOTHING_KNOWN, type Snapshot } from '../src/store/snapshot';

export function version(number: number, more: Partial<Version> = {}): Version {
  return {
    version: number,
    state: 'AVAILABLE',
    error: null,
    path: `/models/digits/${number}`,
    in_flight: 0,
    requests: 0,
    errors: 0,
    signatures: ['serving_default'],
    bytes: 117e6,
    memory_bytes: null,
    loaded_at: 1000,
    load_seconds: 4,
    ...more,
  };
}

export function model(name: string, more: Partial<Model> = {}): Model {
  return {
    name,
    base_path: `/models/${name}`,
    policy: 'latest: 1',
    labels: {},
    problem: null,
    versions: [version(1)],
    owner: null,
    wanted: 'latest: 1',
    ...more,
  };
}

export const SERVER: Server = {
  state: 'running',
  since: 900,
  reason: '',
  lines: [],
  pid: 12,
  restarts: 0,
  started_at: 900,
  rest_port: 8501,
  grpc_port: 8500,
  rest_url: 'http://127.0.0.1:8501',
  grpc_target: '127.0.0.1:8500',
  notes: [],
  batching: 'auto',
  retry_at: null,
};

export function sample(at: number, rates: Readonly<Record<string, number>> = {}): Sample {
  return {
    at,
    rss_bytes: null,
    cpu_seconds: null,
    in_flight: 0,
    queued: 0,
    versions: Object.entries(rates).map(([key, rate]) => ({
      name: key.split('/')[0] ?? '',
      version: Number(key.split('/')[1]),
      requests: 10,
      errors: 0,
      in_flight: 0,
      queued: 0,
      per_second: rate,
      errors_per_second: 0,
      p50_ms: 1,
      p90_ms: 2,
      p99_ms: 3,
      batch_rows: null,
    })),
  };
}

export function known(more: Partial<Snapshot> = {}): Snapshot {
  return {
    ...NOTHING_KNOWN,
    connection: { state: 'live' },
    server: SERVER,
    heardAt: 1000,
    ...more,
  };
}
