/** Asks for the signatures of a model, again when other versions answer. */

import * as React from 'react';
import type { Model } from '../api/entries';
import { signaturesOf, type Signature } from '../api/signatures';
import { useTools } from '../ui/tools';

const MOST_COMPARED = 5;

export type Known =
  | { readonly state: 'asking' }
  | { readonly state: 'failed'; readonly reason: string }
  | {
      readonly state: 'known';
      readonly version: number;
      readonly signatures: readonly Signature[];
      /** Versions that have the same signatures. */
      readonly same: readonly number[];
      readonly others: readonly number[];
    };

/** The signatures of the newest version that answers; null without one. */
export function useSignatures(model: Model): Known | null {
  const { client } = useTools().panel;
  const [known, setKnown] = React.useState<Known>({ state: 'asking' });
  const versions = model.versions
    .filter(({ state }) => state === 'AVAILABLE')
    .map(({ version }) => version)
    .sort((a, b) => b - a)
    .slice(0, MOST_COMPARED);
  const asked = versions.join(' ');
  React.useEffect(() => {
    let isOver = false;
    const ask = async (): Promise<void> => {
      const numbers = asked.split(' ').map(Number);
      const name = encodeURIComponent(model.name);
      const answers = await Promise.all(
        numbers.map((each) => client.asked(`v1/models/${name}/versions/${each}/metadata`)),
      );
      const all = answers.map((answer) => signaturesOf(answer) ?? []);
      const texts = all.map((each) => JSON.stringify(each));
      const isSame = (_: number, index: number): boolean => texts[index] === texts[0];
      if (!isOver) {
        setKnown({
          state: 'known',
          version: numbers[0] ?? 0,
          signatures: all[0] ?? [],
          same: numbers.filter(isSame),
          others: numbers.filter((each, index) => !isSame(each, index)),
        });
      }
    };
    if (asked !== '') {
      ask().catch((error: unknown) => {
        if (!isOver) {
          setKnown({ state: 'failed', reason: error instanceof Error ? error.message : '' });
        }
      });
    }
    return () => {
      isOver = true;
    };
  }, [client, model.name, asked]);
  return asked === '' && known.state !== 'known' ? null : known;
}
