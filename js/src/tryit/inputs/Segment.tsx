import * as React from 'react';

interface Props {
  readonly label: string;
  readonly choices: readonly { readonly key: string; readonly label: string }[];
  readonly chosen: string;
  readonly onChoose: (key: string) => void;
}

/** One of a few, as buttons beside each other; arrow keys go from one to the next. */
export function Segment({ label, choices, chosen, onChoose }: Props): React.JSX.Element {
  const move = (event: React.KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.findIndex((each) => each === document.activeElement);
    if (step !== undefined && at >= 0) {
      event.preventDefault();
      buttons[(at + step + buttons.length) % buttons.length]?.focus();
    }
  };
  return (
    <div className="jp-tfs-Segment" role="group" aria-label={label} onKeyDown={move}>
      {choices.map((choice) => (
        <button
          key={choice.key}
          type="button"
          aria-pressed={choice.key === chosen}
          onClick={() => onChoose(choice.key)}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
