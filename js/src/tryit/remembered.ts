/** A choice that a browser remembers, where it may. */

import * as React from 'react';

const PREFIX = 'tfs-magics:try:';

export function useRemembered(
  key: string,
  first: string,
): readonly [string, (value: string) => void] {
  const [value, setValue] = React.useState(() => read(key) ?? first);
  const set = (next: string): void => {
    setValue(next);
    write(key, next);
  };
  return [value, set];
}

function read(key: string): string | null {
  try {
    return window.localStorage.getItem(PREFIX + key);
  } catch {
    return null; // a page without storage, like an output in a frame of its own
  }
}

function write(key: string, value: string): void {
  try {
    window.localStorage.setItem(PREFIX + key, value);
  } catch {
    // It is remembered for as long as the page is there.
  }
}
