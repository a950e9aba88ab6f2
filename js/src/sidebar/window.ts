/** Which items of a long list are drawn: those in sight, and the one with the focus. */

export type Part =
  | { readonly index: number }
  /** Room for items that are not drawn, from this one on. */
  | { readonly gap: number; readonly from: number };

export interface Sight {
  readonly from: number;
  readonly to: number;
}

/** `kept` is drawn wherever it is, so that it keeps the focus; -1 for none. */
export function partsOf(heights: readonly number[], sight: Sight, kept: number): readonly Part[] {
  const parts: Part[] = [];
  let top = 0;
  let gap = 0;
  let from = 0;
  heights.forEach((height, index) => {
    if ((top + height > sight.from && top < sight.to) || index === kept) {
      if (gap > 0) {
        parts.push({ gap, from });
      }
      parts.push({ index });
      gap = 0;
    } else {
      from = gap === 0 ? index : from;
      gap += height;
    }
    top += height;
  });
  return gap > 0 ? [...parts, { gap, from }] : parts;
}
