/** Follows what is in sight of a list that scrolls, and how high its items really are. */

import * as React from 'react';
import { partsOf, type Part, type Sight } from './window';

const STEP_PX = 200; // scrolling draws again once in so many pixels
const BEYOND_PX = 600; // drawn though just out of sight
const FIRST_SIGHT: Sight = { from: 0, to: 1000 };

export interface Item {
  readonly key: string;
  /** As high as it is as long as nobody has measured it. */
  readonly guess: number;
}

export interface Measure {
  add(element: HTMLElement): void;
  remove(element: HTMLElement): void;
}

interface Measured {
  readonly guess: number;
  readonly height: number;
}

export function useWindow(
  list: React.RefObject<HTMLElement>,
  items: readonly Item[],
  kept: string,
): { readonly parts: readonly Part[]; readonly measure: Measure } {
  const [sight, setSight] = React.useState(FIRST_SIGHT);
  const measured = React.useRef(new Map<string, Measured>());
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  useSight(list, setSight);
  const latest = React.useRef(items);
  latest.current = items;
  const measure = useMeasure(measured.current, latest, again);
  const heights = items.map(({ key, guess }) => {
    const known = measured.current.get(key);
    return known?.guess === guess ? known.height : guess;
  });
  const index = items.findIndex(({ key }) => key === kept);
  return { parts: partsOf(heights, sight, index), measure };
}

function useSight(list: React.RefObject<HTMLElement>, set: (sight: Sight) => void): void {
  React.useEffect(() => {
    const element = list.current;
    if (!element) {
      return undefined;
    }
    let last = '';
    const look = (): void => {
      const top = Math.floor(element.scrollTop / STEP_PX) * STEP_PX;
      const height = Math.ceil(element.clientHeight / STEP_PX) * STEP_PX;
      if (last !== `${top} ${height}`) {
        last = `${top} ${height}`;
        set({ from: top - BEYOND_PX, to: top + height + STEP_PX + BEYOND_PX });
      }
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [list, set]);
}

function useMeasure(
  measured: Map<string, Measured>,
  latest: React.RefObject<readonly Item[]>,
  again: () => void,
): Measure {
  const [measure] = React.useState(() => {
    const observer = new ResizeObserver((entries) => {
      const guesses = new Map(latest.current?.map(({ key, guess }) => [key, guess]));
      let isNew = false;
      for (const { target, borderBoxSize } of entries) {
        const key = (target as HTMLElement).dataset['key'] ?? '';
        const guess = guesses.get(key);
        const height = borderBoxSize[0]?.blockSize ?? 0;
        if (guess !== undefined && height > 0) {
          isNew ||= height !== (measured.get(key)?.height ?? guess);
          measured.set(key, { guess, height });
        }
      }
      if (isNew) {
        again();
      }
    });
    return {
      add: (element: HTMLElement) => observer.observe(element),
      remove: (element: HTMLElement) => observer.unobserve(element),
    };
  });
  return measure;
}
