/** Ranges of time that charts show, and the marks below them. */

import type { Range } from '../../api/client';

interface Span {
  readonly seconds: number;
  /** Seconds ago of the marks below the chart. */
  readonly marks: readonly number[];
}

export const RANGES: readonly Range[] = ['1m', '15m', '1h', '1d'];

export const SPANS: Readonly<Record<Range, Span>> = {
  '1m': { seconds: 60, marks: [60, 30, 0] },
  '15m': { seconds: 900, marks: [900, 600, 300, 0] },
  '1h': { seconds: 3600, marks: [3600, 1800, 0] },
  '1d': { seconds: 86_400, marks: [86_400, 43_200, 0] },
};

export function isRange(text: string): text is Range {
  return text in SPANS;
}
