/** What kind of directory this is, by its name and by the names in it. */

const MODEL_FILES = ['saved_model.pb', 'saved_model.pbtxt', 'model.tflite'];
const VERSION = /^\d+$/;

/** A model has versions in it; `no-version` is a SavedModel that is not in a version's directory. */
export type Kind = 'model' | 'version' | 'no-version' | 'nothing';

export interface Entry {
  readonly name: string;
  readonly type: string;
}

export function isVersion(name: string): boolean {
  return VERSION.test(name);
}

/** What a directory is by its name and by what lies right in it. */
export function kindOf(name: string, entries: readonly Entry[]): Kind {
  if (!holdsModel(entries)) {
    return 'nothing';
  }
  return VERSION.test(name) ? 'version' : 'no-version';
}

export function holdsModel(entries: readonly Entry[]): boolean {
  return entries.some(({ name, type }) => type !== 'directory' && MODEL_FILES.includes(name));
}

export function versionsIn(entries: readonly Entry[]): readonly string[] {
  return entries
    .filter(({ name, type }) => type === 'directory' && VERSION.test(name))
    .map(({ name }) => name)
    .sort((a, b) => Number(a) - Number(b));
}

export function nameOf(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? '';
}
