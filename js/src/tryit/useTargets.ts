/** Whom to ask, as it was chosen; versions that come and go are followed. */

import * as React from 'react';
import type { Model } from '../api/entries';
import { choiceFor, choicesOf, versionOf, type Choice } from './targets';

export interface Targets {
  readonly choices: readonly Choice[];
  readonly chosen: Choice;
  readonly choose: (choice: Choice) => void;
}

export function useTargets(model: Model, wanted: readonly string[]): Targets {
  const [kept, choose] = React.useState<Choice | null>(null);
  const choices = choicesOf(model);
  const first = kept ?? choiceFor(model, wanted);
  const fresh = choices.find(({ key }) => key === first.key) ?? first;
  const isThere = fresh.targets.some((target) => versionOf(model, target) !== null);
  const chosen = isThere ? fresh : (choices[0] ?? fresh);
  return { choices, chosen, choose };
}
