import * as React from 'react';
import type { Model } from '../api/entries';
import type { Signature } from '../api/signatures';
import { keyOf } from '../store/snapshot';
import { useSnapshot, useTools } from '../ui/tools';
import { Outputs } from './answers/Output';
import { outputsOf, type Shown } from './answers/outputs';
import { Spoken } from './answers/Spoken';
import { TimeLine } from './answers/TimeLine';
import { viewsOf, type View } from './answers/ways';
import { Segment } from './inputs/Segment';
import { Refusal, type Remedies } from './Refusal';
import type { Asking, Reply } from './useAsk';

interface Props extends Remedies {
  readonly model: Model;
  readonly signature: Signature;
  readonly asking: Asking;
  /** Whether the answers are to something else than what is in the form now. */
  readonly isStale?: boolean;
  /** What is said while there is no answer. */
  readonly empty: string;
}

/** What versions have answered, side by side and each in its colour. */
export function Answers(props: Props): React.JSX.Element {
  const { model, signature, asking, isStale = false, empty, ...remedies } = props;
  const { trans } = useTools();
  const [chosen, choose] = React.useState<View | null>(null);
  const read = React.useMemo(() => readAll(signature, asking.replies), [signature, asking.replies]);
  const answers = read.filter(({ reply }) => reply.outcome.kind === 'answer');
  const refused = read.find(({ reply }) => reply.outcome.kind === 'refusal');
  const views = viewsOf(answers.flatMap(({ outputs }) => outputs));
  const view = chosen !== null && views.includes(chosen) ? chosen : (views[0] ?? 'json');
  const label = { chart: trans.__('Chart'), table: trans.__('Table'), picture: trans.__('Image') };
  return (
    <div className="jp-tfs-Answering" role="group" aria-label={trans.__('Answers')}>
      {read.length === 0 && (
        <p className="jp-tfs-muted">
          {asking.isLate ? trans.__('Waiting for the answer…') : empty}
        </p>
      )}
      {refused && (
        <Refusal model={model} signature={signature} reply={refused.reply} {...remedies} />
      )}
      <div className={asking.isLate || isStale ? 'jp-tfs-Answers jp-mod-late' : 'jp-tfs-Answers'}>
        {answers.map((each) => (
          <Answer key={JSON.stringify(each.reply.target)} model={model} view={view} {...each} />
        ))}
      </div>
      {answers.length > 0 && views.length > 1 && (
        <Segment
          label={trans.__('Answer as')}
          choices={views.map((key) => ({ key, label: key === 'json' ? 'JSON' : label[key] }))}
          chosen={view}
          onChoose={(key) => choose(views.find((each) => each === key) ?? null)}
        />
      )}
      <Spoken reads={read} />
    </div>
  );
}

export interface Read {
  readonly reply: Reply;
  readonly outputs: readonly Shown[];
}

function readAll(signature: Signature, replies: readonly (Reply | null)[]): readonly Read[] {
  return replies
    .filter((reply) => reply !== null)
    .map((reply) => ({
      reply,
      outputs: reply.outcome.kind === 'answer' ? outputsOf(signature, reply.outcome.answer) : [],
    }));
}

function Answer(
  props: Read & { readonly model: Model; readonly view: View },
): React.JSX.Element | null {
  const { trans } = useTools();
  const { colours } = useSnapshot();
  const { model, reply, outputs, view } = props;
  const { version, outcome } = reply;
  const colour = version === null ? undefined : colours.get(keyOf(model.name, version));
  const labels = Object.keys(model.labels).filter((label) => model.labels[label] === version);
  const style = {
    '--v': colour === undefined ? 'var(--jp-tfs-muted)' : `var(--jp-tfs-v${colour})`,
  };
  if (outcome.kind !== 'answer') {
    return null;
  }
  return (
    <div
      className="jp-tfs-Answer"
      role="group"
      style={style as React.CSSProperties}
      aria-label={trans.__('Answer of version %1', version ?? '')}
    >
      <div className="jp-tfs-line">
        <h3>
          <i className="jp-tfs-Swatch" />
          {version === null ? model.name : trans.__('Version %1', version)}
        </h3>
        <span>
          {labels.map((label) => (
            <span key={label} className="jp-tfs-Chip jp-mod-still">
              {label}
            </span>
          ))}
        </span>
      </div>
      <Outputs outputs={outputs} answer={outcome.answer} view={view} />
      <TimeLine reply={reply} />
    </div>
  );
}
