/** Whom a request goes to: the newest version, what a label stands for, a version, or several. */

import type { Model } from '../api/entries';

export type Target =
  | { readonly kind: 'newest' }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'version'; readonly version: number };

export interface Choice {
  readonly key: string;
  readonly targets: readonly Target[];
}

export const ALL = 'all';
export const NEWEST = 'newest';
const MOST_BUTTONS = 6;

/** The versions that answer, lowest first: as they stand side by side. */
export function answering(model: Model): readonly number[] {
  return model.versions
    .filter(({ state }) => state === 'AVAILABLE')
    .map(({ version }) => version)
    .sort((a, b) => a - b);
}

/** The version that a target is at the moment; null if it is none that answers. */
export function versionOf(model: Model, target: Target): number | null {
  const versions = answering(model);
  switch (target.kind) {
    case 'newest':
      return versions.at(-1) ?? null;
    case 'label': {
      const version = model.labels[target.label];
      return version !== undefined && versions.includes(version) ? version : null;
    }
    case 'version':
      return versions.includes(target.version) ? target.version : null;
  }
}

/** The path of the model server's REST that asks it, without a verb. */
export function pathOf(model: string, target: Target): string {
  const name = `v1/models/${encodeURIComponent(model)}`;
  switch (target.kind) {
    case 'newest':
      return name;
    case 'label':
      return `${name}/labels/${encodeURIComponent(target.label)}`;
    case 'version':
      return `${name}/versions/${target.version}`;
  }
}

/**
 * What can be asked, as the keys of choices. Where there are few, a version that has a label is one
 * of them by its label only.
 */
export function choicesOf(model: Model): readonly Choice[] {
  const versions = answering(model);
  const labels = Object.keys(model.labels).filter(
    (label) => versionOf(model, { kind: 'label', label }) !== null,
  );
  labels.sort((a, b) => (model.labels[a] ?? 0) - (model.labels[b] ?? 0));
  const labelled = new Set(labels.map((label) => model.labels[label]));
  const isAlone = versions.length === 1; // which is the newest
  const unlabelled = versions.filter((version) => !labelled.has(version) && !isAlone);
  const isFew = labels.length + unlabelled.length + 2 <= MOST_BUTTONS;
  const shown = isFew ? unlabelled : [...versions].reverse();
  const choices: Choice[] = [
    { key: NEWEST, targets: [{ kind: 'newest' }] },
    ...labels.map((label): Choice => ({ key: label, targets: [{ kind: 'label', label }] })),
    ...shown.map((version): Choice => ({
      key: String(version),
      targets: [{ kind: 'version', version }],
    })),
  ];
  return versions.length > 1 ? [...choices, { key: ALL, targets: allOf(model) }] : choices;
}

/** Whether the choices have room as buttons beside each other. */
export function areFew(choices: readonly Choice[]): boolean {
  return choices.length <= MOST_BUTTONS;
}

/** The choice that somebody named: by versions, labels, `newest` or `all`. */
export function choiceFor(model: Model, names: readonly string[]): Choice {
  if (names.length === 0 || names.includes(ALL)) {
    const isOne = answering(model).length < 2;
    return isOne ? newest() : { key: ALL, targets: allOf(model) };
  }
  const targets = names.map(targetOf);
  const [first] = names;
  return names.length === 1 && first !== undefined
    ? { key: first, targets }
    : { key: names.join(' + '), targets };
}

function newest(): Choice {
  return { key: NEWEST, targets: [{ kind: 'newest' }] };
}

function targetOf(name: string): Target {
  if (name === NEWEST) {
    return { kind: 'newest' };
  }
  return /^\d+$/.test(name)
    ? { kind: 'version', version: Number(name) }
    : { kind: 'label', label: name };
}

/** Each version once, by its label where it has one. */
function allOf(model: Model): readonly Target[] {
  return answering(model).map((version): Target => {
    const label = Object.keys(model.labels).find((each) => model.labels[each] === version);
    return label === undefined ? { kind: 'version', version } : { kind: 'label', label };
  });
}
