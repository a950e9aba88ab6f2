import * as React from 'react';
import { useTools } from '../ui/tools';
import { Segment } from './inputs/Segment';
import { ALL, areFew, NEWEST, type Choice } from './targets';

interface Props {
  readonly choices: readonly Choice[];
  readonly chosen: Choice;
  readonly onChoose: (choice: Choice) => void;
}

/** Whom to ask, where there is a choice. */
export function AskChoice({ choices, chosen, onChoose }: Props): React.JSX.Element | null {
  const { trans } = useTools();
  const id = React.useId();
  const isKnown = choices.some(({ key }) => key === chosen.key);
  const all = isKnown ? choices : [...choices, chosen];
  const labelled = all.map(({ key, targets }) => ({
    key,
    label:
      key === NEWEST
        ? trans.__('Newest')
        : key === ALL
          ? targets.length === 2
            ? trans.__('Both')
            : trans.__('All')
          : key,
  }));
  const choose = (key: string): void => {
    const found = all.find((each) => each.key === key);
    if (found) {
      onChoose(found);
    }
  };
  if (all.length < 2) {
    return null;
  }
  return (
    <span className="jp-tfs-pair">
      <label className="jp-tfs-muted" htmlFor={id}>
        {trans.__('Ask')}
      </label>
      {areFew(all) ? (
        <Segment
          label={trans.__('Versions to ask')}
          choices={labelled}
          chosen={chosen.key}
          onChoose={choose}
        />
      ) : (
        <select
          id={id}
          className="jp-tfs-Input jp-mod-small"
          value={chosen.key}
          onChange={(event) => choose(event.target.value)}
        >
          {labelled.map(({ key, label }) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
      )}
    </span>
  );
}
