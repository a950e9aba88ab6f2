/** How answers can be looked at. */

import type { Shown } from './outputs';

export type View = 'chart' | 'table' | 'picture' | 'json';

/** The ways that fit, the best one first; JSON always does. */
export function viewsOf(outputs: readonly Shown[]): readonly View[] {
  const kinds = new Set(outputs.map(({ kind }) => kind));
  const hasTable = ['probabilities', 'vectors', 'values'].some((kind) =>
    kinds.has(kind as Shown['kind']),
  );
  return [
    ...(kinds.has('probabilities') ? (['chart'] as const) : []),
    ...(kinds.has('picture') ? (['picture'] as const) : []),
    ...(hasTable ? (['table'] as const) : []),
    'json',
  ];
}
