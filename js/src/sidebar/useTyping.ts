/** What is typed in a list in one go: letters that follow each other quickly. */

import * as React from 'react';

const TYPING_MS = 700;

/** Returns what takes the next letter, and tells all that were typed with it. */
export function useTyping(): (letter: string) => string {
  const typed = React.useRef({ text: '', at: 0 });
  return (letter) => {
    const now = Date.now();
    const text = now - typed.current.at < TYPING_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    return text;
  };
}
