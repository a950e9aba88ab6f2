import * as React from 'react';

interface Props<T extends string> {
  readonly label: string;
  readonly choices: readonly { readonly value: T; readonly text: string }[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

/** A few choices side by side; the arrows move along them and choose. */
export function Segment<T extends string>(props: Props<T>): React.JSX.Element {
  const { label, choices, value, onChoose } = props;
  const move = (event: React.KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const index = choices.findIndex((each) => each.value === value);
    const next = step === undefined ? undefined : choices[index + step];
    if (next) {
      event.preventDefault();
      onChoose(next.value);
      const buttons = event.currentTarget.querySelectorAll('button');
      buttons[index + (step ?? 0)]?.focus();
    }
  };
  return (
    <div className="jp-tfs-Segment" role="group" aria-label={label} onKeyDown={move}>
      {choices.map((each) => (
        <button
          key={each.value}
          type="button"
          aria-pressed={each.value === value}
          tabIndex={each.value === value ? 0 : -1}
          onClick={() => onChoose(each.value)}
        >
          {each.text}
        </button>
      ))}
    </div>
  );
}
