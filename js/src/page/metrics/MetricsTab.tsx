import { pauseIcon, runIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Range } from '../../api/client';
import type { Model } from '../../api/entries';
import { labelsOf } from '../../store/reading';
import type { Snapshot } from '../../store/snapshot';
import { Button } from '../../ui/Button';
import { Segment } from '../../ui/Segment';
import { useTools } from '../../ui/tools';
import { useChoice } from '../../ui/useChoice';
import { Charts } from './Charts';
import { isRange, RANGES } from './span';
import { useMeasured } from './useMeasured';

interface Props {
  readonly known: Snapshot;
  readonly model: Model;
  readonly isShown?: boolean;
}

const ALL = '';

/** How a model has done: the last minute live, or a longer time. */
export function MetricsTab({ known, model, isShown = true }: Props): React.JSX.Element {
  const [kept, setRange] = useChoice('metrics range', '1m');
  const range: Range = isRange(kept) ? kept : '1m';
  const [picked, setPicked] = React.useState(ALL);
  const isThere = model.versions.some(({ version }) => String(version) === picked);
  const chosen = picked !== ALL && isThere ? Number(picked) : null;
  const { measured, versions, isHeld, hold } = useMeasured({
    known,
    model,
    chosen,
    range,
    isShown,
  });
  return (
    <div className="jp-tfs-Pane">
      <div className="jp-tfs-line">
        <Ranges range={range} setRange={setRange} />
        <Picker model={model} picked={isThere ? picked : ALL} setPicked={setPicked} />
        <span className="jp-tfs-actions">
          <Pace end={measured.frame.end} step={measured.frame.step} isHeld={isHeld} />
          <Hold isHeld={isHeld} hold={hold} />
        </span>
      </div>
      <Charts
        known={known}
        model={model}
        chosen={chosen}
        range={range}
        measured={measured}
        versions={versions}
      />
    </div>
  );
}

function Ranges(props: {
  readonly range: Range;
  readonly setRange: (range: Range) => void;
}): React.JSX.Element {
  const { trans } = useTools();
  return (
    <Segment
      label={trans.__('Range')}
      choices={RANGES.map((value) => ({ value, text: rangeText(trans, value) }))}
      value={props.range}
      onChoose={props.setRange}
    />
  );
}

function Picker(props: {
  readonly model: Model;
  readonly picked: string;
  readonly setPicked: (version: string) => void;
}): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  const { model, picked, setPicked } = props;
  const versions = model.versions.map(({ version }) => version).sort((a, b) => b - a);
  return (
    <span className="jp-tfs-pair">
      <label className="jp-tfs-muted" htmlFor={id}>
        {trans.__('Version')}
      </label>
      <select
        id={id}
        className="jp-tfs-Input jp-mod-small"
        value={picked}
        onChange={(event) => setPicked(event.target.value)}
      >
        <option value={ALL}>{trans.__('All')}</option>
        {versions.map((version) => (
          <option key={version} value={String(version)}>
            {[version, ...labelsOf(model, version)].join(' · ')}
          </option>
        ))}
      </select>
    </span>
  );
}

function Pace(props: {
  readonly end: number;
  readonly step: number;
  readonly isHeld: boolean;
}): React.JSX.Element {
  const { trans, numbers } = useTools();
  const { end, step, isHeld } = props;
  const pace = step <= 1 ? trans.__('every second') : trans.__('every %1', numbers.duration(step));
  return (
    <span className="jp-tfs-muted jp-tfs-small">
      {isHeld ? trans.__('held at %1', numbers.clock(end)) : pace}
    </span>
  );
}

function Hold(props: {
  readonly isHeld: boolean;
  readonly hold: (isHeld: boolean) => void;
}): React.JSX.Element {
  const { trans } = useTools();
  const { isHeld, hold } = props;
  return (
    <Button icon={isHeld ? runIcon : pauseIcon} onClick={() => hold(!isHeld)}>
      {isHeld ? trans.__('Go on') : trans.__('Pause')}
    </Button>
  );
}

function rangeText(trans: TranslationBundle, range: Range): string {
  switch (range) {
    case '1m':
      return trans.__('1 min');
    case '15m':
      return trans.__('15 min');
    case '1h':
      return trans.__('1 h');
    case '1d':
      return trans.__('1 d');
  }
}
