/** The rows of the tree: what each one says, as plain values, so that only what changed is drawn. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Model, Version, VersionSample } from '../api/entries';
import type { Numbers } from '../format/numbers';
import { withShortPaths } from '../format/reason';
import { versionText } from '../format/words';
import {
  labelsOf,
  progressOf,
  shapeOf,
  versionsOf,
  versionWord,
  type Progress,
  type Shape,
} from '../store/reading';
import { keyOf, type Snapshot } from '../store/snapshot';

export interface VersionRow {
  readonly key: string;
  readonly model: string;
  readonly version: number;
  readonly shape: Shape;
  readonly word: string;
  /** What follows the word: the age and size, the reason of a failure, the time of a load. */
  readonly detail: string;
  readonly isReason: boolean;
  /** The reason as the server said it, with whole paths. */
  readonly whole: string;
  /** Labels, joined by spaces, which no label has. */
  readonly labels: string;
  readonly rate: string;
  readonly batch: string;
  readonly p50: string;
  readonly p99: string;
  readonly percent: number | null;
}

export interface ModelRow {
  readonly key: string;
  readonly name: string;
  readonly rate: string;
  readonly note: string;
  readonly isProblem: boolean;
  readonly isOpen: boolean;
  readonly versions: readonly VersionRow[];
}

export interface Surroundings {
  readonly known: Snapshot;
  readonly now: number;
  readonly trans: TranslationBundle;
  readonly numbers: Numbers;
}

type Samples = ReadonlyMap<string, VersionSample>;

export function rowsOf(
  around: Surroundings,
  filter: string,
  isOpen: (name: string) => boolean,
): readonly ModelRow[] {
  const { known } = around;
  const samples: Samples = new Map(
    known.sample?.versions.map((each) => [keyOf(each.name, each.version), each]),
  );
  const wanted = filter.trim().toLowerCase();
  return known.models
    .filter((model) => model.name.toLowerCase().includes(wanted))
    .map((model) => modelRow(around, model, samples, isOpen(model.name)));
}

function modelRow(around: Surroundings, model: Model, samples: Samples, isOpen: boolean): ModelRow {
  const { known, now, numbers, trans } = around;
  const versions = versionsOf(known, model, now);
  const answers = model.versions.some((version) => version.state === 'AVAILABLE');
  const perSecond = versions.reduce(
    (sum, each) => sum + (samples.get(keyOf(model.name, each.version))?.per_second ?? 0),
    0,
  );
  const isRunning = known.server?.state === 'running';
  const none = versions.length === 0 && isRunning;
  const empty = none ? trans.__('This model has no versions in %1 yet.', model.base_path) : '';
  return {
    key: keyOf(model.name),
    name: model.name,
    rate: answers && known.sample ? numbers.rate(perSecond) : '',
    note: withShortPaths(model.problem ?? empty, model.base_path),
    isProblem: model.problem !== null,
    isOpen,
    versions: isOpen ? versions.map((each) => versionRow(around, model, each, samples)) : [],
  };
}

function versionRow(
  around: Surroundings,
  model: Model,
  version: Version,
  samples: Samples,
): VersionRow {
  const { known, now, numbers, trans } = around;
  const key = keyOf(model.name, version.version);
  const word = versionWord(known, model, version);
  const isAvailable = version.state === 'AVAILABLE';
  const sample = samples.get(key);
  const progress = word === 'loading' ? progressOf(known, model, version, now) : null;
  return {
    key,
    model: model.name,
    version: version.version,
    shape: shapeOf(word),
    word: versionText(trans, word),
    detail: detailOf(around, model, version, { progress, sample }),
    isReason: word === 'failed',
    whole: word === 'failed' ? (version.error?.message ?? '') : '',
    labels: labelsOf(model, version.version).join(' '),
    rate: isAvailable ? numbers.rate(known.sample ? (sample?.per_second ?? 0) : null) : '',
    batch: isAvailable && sample?.batch_rows != null ? numbers.count(sample.batch_rows) : '',
    p50: isAvailable ? numbers.milliseconds(sample?.p50_ms) : '',
    p99: isAvailable ? numbers.milliseconds(sample?.p99_ms) : '',
    percent: percentOf(progress),
  };
}

function detailOf(
  around: Surroundings,
  model: Model,
  version: Version,
  { progress, sample }: { progress: Progress | null; sample: VersionSample | undefined },
): string {
  const { known, now, numbers, trans } = around;
  switch (versionWord(known, model, version)) {
    case 'failed':
      return withShortPaths(version.error?.message ?? '', model.base_path);
    case 'loading':
      return progress ? progressText(around, progress) : '';
    case 'unloading':
      return version.in_flight > 0
        ? trans._n('%1 request left', '%1 requests left', version.in_flight)
        : '';
    case 'available':
      return [
        ageOf(version.loaded_at ?? version.since, now, numbers),
        sizeOf(sample, version, numbers),
      ]
        .filter((each) => each !== '')
        .join(' · ');
    default:
      return '';
  }
}

function percentOf(progress: Progress | null): number | null {
  return progress?.part == null ? null : Math.floor(progress.part * 100);
}

function progressText({ trans, numbers }: Surroundings, progress: Progress): string {
  const percent = percentOf(progress);
  return percent === null
    ? numbers.duration(progress.elapsed)
    : trans.__('%1%, %2 left', percent, numbers.duration(Math.ceil(progress.left ?? 0)));
}

export function ageOf(since: number | null | undefined, now: number, numbers: Numbers): string {
  return since == null ? '' : numbers.duration(now - since);
}

/** The memory of a loaded version as it was measured last, else what it needs, else its files. */
export function sizeOf(
  sample: VersionSample | undefined,
  version: Version,
  numbers: Numbers,
): string {
  const bytes = sample?.memory_bytes ?? version.memory_bytes ?? version.bytes;
  return bytes == null ? '' : numbers.bytes(bytes);
}

/** Whether two rows say the same. */
export function isSameVersion(before: VersionRow, after: VersionRow): boolean {
  const keys = Object.keys(after) as (keyof VersionRow)[];
  return keys.every((key) => before[key] === after[key]);
}

export function isSameModel(before: ModelRow, after: ModelRow): boolean {
  const keys = Object.keys(after) as (keyof ModelRow)[];
  return (
    keys.every((key) => key === 'versions' || before[key] === after[key]) &&
    before.versions.length === after.versions.length &&
    after.versions.every((row, index) => {
      const old = before.versions[index];
      return old !== undefined && isSameVersion(old, row);
    })
  );
}
