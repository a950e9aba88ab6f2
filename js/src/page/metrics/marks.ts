/** Dotted lines where something happened, with words where there is room for them. */

import type { Happening } from '../../api/entries';
import { xOf, type Frame } from './series';

const KINDS = new Set(['available', 'unloaded', 'failed', 'label']);
const LONGEST = 22;
const APART_PERCENT = 24;
const MOST = 20;

export interface Mark {
  readonly key: string;
  readonly x: number;
  /** Empty where another one stands in its way. */
  readonly text: string;
  /** Whether the words stand to the right of the line, as there is no room to its left. */
  readonly isRight: boolean;
}

export function marksOf(
  events: readonly Happening[],
  model: string,
  version: number | null,
  frame: Frame,
): readonly Mark[] {
  const start = frame.end - frame.seconds;
  const shown = events
    .filter((each) => each.model === model && KINDS.has(each.kind))
    .filter((each) => version === null || each.version === version || each.kind === 'label')
    .filter((each) => each.at >= start && each.at <= frame.end + frame.step)
    .slice(-MOST);
  let last = -Infinity;
  return shown.map((each, index) => {
    const x = Math.min(100, xOf(each.at, frame));
    const isFree = x - last >= APART_PERCENT;
    last = isFree ? x : last;
    return {
      key: `${each.at} ${index}`,
      x,
      text: isFree ? shortOf(each) : '',
      isRight: x < APART_PERCENT,
    };
  });
}

/** The first words: `8 available` of `8 available after 1.9 s`. */
function shortOf({ text, kind, version }: Happening): string {
  const words = kind !== 'label' && version != null ? `${version} ${kind}` : text;
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
}
