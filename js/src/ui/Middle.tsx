import * as React from 'react';

/** Shorter texts stay one node, which is simpler to find and to mark. */
const SHORT = 16;
const TAIL = 10;

/** A name or a path that is cut in its middle where its room is too small, with the whole in the tooltip. */
export function Middle({ text }: { readonly text: string }): React.JSX.Element {
  if (text.length <= SHORT) {
    return (
      <span className="jp-tfs-Middle">
        <span>{text}</span>
      </span>
    );
  }
  return (
    <span className="jp-tfs-Middle" title={text}>
      <span>{text.slice(0, -TAIL)}</span>
      <span>{text.slice(-TAIL)}</span>
    </span>
  );
}
