import { caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from '../api/entries';
import { exampleOf, type Signature, type Tensor } from '../api/signatures';
import { useSignatures } from '../page/useSignatures';
import { Button, Icon } from '../ui/Button';
import { useTools } from '../ui/tools';
import { Answers } from './Answers';
import { AskChoice } from './AskChoice';
import { Canvas } from './Canvas';
import { CopyAs } from './copy/CopyAs';
import { useWhere } from './copy/useWhere';
import { RangeChoice, useRange } from './inputs/RangeChoice';
import { scaled, type Range } from './picture/range';
import { frameOf, listed, type Frame } from './picture/shape';
import { ALL, versionOf } from './targets';
import type { Sent } from './TryIt';
import type { Told } from './drawing/useDrawing';
import { useAsk } from './useAsk';
import { useTargets } from './useTargets';

export interface DrawProps {
  readonly model: Model;
  readonly signature?: string;
  /** Rows and columns, where the signature leaves them open. */
  readonly size?: readonly [number, number];
  /** What ink is in what the model gets, like 1, 16 or 255. */
  readonly max?: number;
  /** Whom to ask at first: versions, labels, `newest` or `all`, which it is without. */
  readonly targets?: readonly string[];
  /** Leaves out the name of the model, where that is said around it. */
  readonly compact?: boolean;
  /** What is drawn at first, row by row, if it has the size that the model gets. */
  readonly pixels?: Float32Array;
  readonly onPixels?: Told;
  readonly onRequest?: (sent: Sent) => void;
  /** Told whenever all that are asked have answered, by their versions. */
  readonly onAnswers?: (answers: ReadonlyMap<number, unknown>) => void;
}

/** A canvas, and beside it what versions make of the drawing while it comes to be. */
export function DrawAndAsk(props: DrawProps): React.JSX.Element {
  const { trans } = useTools();
  const known = useSignatures(props.model);
  const signatures = known?.state === 'known' ? known.signatures : [];
  const signature = signatures.find(({ name }) => name === props.signature) ?? signatures[0];
  const tensor = signature?.inputs.find((each) => frameOf(each) !== null);
  const frame = React.useMemo(() => tensor && frameOf(tensor), [tensor]);
  if (signature && tensor && frame) {
    return <Drawn {...props} chosen={signature} tensor={tensor} frame={frame} />;
  }
  return (
    <p className={known?.state === 'failed' ? 'jp-tfs-Error' : 'jp-tfs-muted'}>
      {known === null && trans.__('Load a version of %1 to ask it.', props.model.name)}
      {known?.state === 'failed' && known.reason}
      {known?.state === 'known' && trans.__('%1 takes no image.', props.model.name)}
    </p>
  );
}

interface DrawnProps extends DrawProps {
  readonly chosen: Signature;
  readonly tensor: Tensor;
  readonly frame: Frame;
}

function Drawn(props: DrawnProps): React.JSX.Element {
  const { trans } = useTools();
  const { model, chosen: signature, tensor, frame, compact: isCompact = false } = props;
  const targets = useTargets(model, props.targets ?? [ALL]);
  const asking = useAsk(model, targets.chosen.targets, props.onRequest);
  const [isCopied, copy] = React.useState(false);
  const [range, size, choice] = useLook(props);
  const first = props.pixels?.length === size[0] * size[1] ? props.pixels : null;
  const [pixels, setPixels] = React.useState(first);
  const body = React.useMemo(() => {
    const isBlank = !pixels?.some((each) => each > 0);
    const value = isBlank ? undefined : valueOf(pixels, range, frame, size);
    return bodyOf(signature, tensor, value);
  }, [pixels, range, frame, size, signature, tensor]);
  const act = React.useRef(asking);
  act.current = asking;
  const key = targets.chosen.key;
  React.useEffect(() => {
    if (body) {
      act.current.ask('predict', body);
    } else {
      act.current.forget();
    }
  }, [body, key]);
  useTelling(props, asking.replies);
  const where = useWhere();
  const target = targets.chosen.targets.at(-1) ?? { kind: 'newest' as const };
  return (
    <div className="jp-tfs-DrawAndAsk">
      <div className="jp-tfs-Output-head">
        {!isCompact && <h2>{model.name}</h2>}
        {!isCompact && <span className="jp-tfs-muted">{trans.__('predicts as you draw')}</span>}
        <span className="jp-tfs-actions">
          <AskChoice choices={targets.choices} chosen={targets.chosen} onChoose={targets.choose} />
          <Button pressed={isCopied} disabled={body === null} onClick={() => copy(!isCopied)}>
            {trans.__('Copy as')}
            <Icon icon={caretDownIcon} />
          </Button>
        </span>
      </div>
      <div className="jp-tfs-Try">
        <Canvas
          size={size}
          max={range.high}
          label={tensor.name}
          range={choice}
          {...(first ? { pixels: first } : {})}
          onPixels={(picture, ended, drawn) => {
            setPixels(picture);
            props.onPixels?.(picture, ended, drawn);
          }}
        />
        <Answers
          model={model}
          signature={signature}
          asking={asking}
          empty={trans.__('Draw to see answers.')}
        />
      </div>
      {isCopied && where && body && (
        <CopyAs
          isWhole
          request={{
            model: model.name,
            target,
            version: versionOf(model, target),
            signature,
            verb: 'predict',
            body,
            where,
          }}
        />
      )}
    </div>
  );
}

/** In which range and size the model gets it, and how to choose the range. */
function useLook({
  model,
  tensor,
  frame,
  size,
  max,
}: DrawnProps): readonly [Range, readonly [number, number], React.ReactNode] {
  const [chosen, choose] = useRange(model.name, tensor, frame);
  const range = React.useMemo(
    () => (max === undefined ? chosen : { low: 0, high: max }),
    [max, chosen],
  );
  const rows = frame.rows ?? size?.[0] ?? 28;
  const columns = frame.columns ?? size?.[1] ?? 28;
  const whole = React.useMemo(() => [rows, columns] as const, [rows, columns]);
  const choice = max === undefined && (
    <RangeChoice tensor={tensor} range={chosen} onChoose={choose} />
  );
  return [range, whole, choice || undefined];
}

function valueOf(
  pixels: Float32Array | null,
  range: Range,
  frame: Frame,
  [rows, columns]: readonly [number, number],
): unknown {
  const one = scaled(pixels ?? new Float32Array(), range);
  const values = frame.channels === 3 ? one.flatMap((each) => [each, each, each]) : one;
  return listed(values, frame, rows, columns);
}

/** A request with the drawing; other inputs that are required are zeros. */
function bodyOf(signature: Signature, tensor: Tensor, value: unknown) {
  if (value === undefined) {
    return null;
  }
  const inputs = { ...exampleOf(signature), [tensor.name]: value };
  return { signature_name: signature.name, inputs };
}

function useTelling({ onAnswers }: DrawProps, replies: ReturnType<typeof useAsk>['replies']): void {
  const tell = React.useRef(onAnswers);
  tell.current = onAnswers;
  React.useEffect(() => {
    const known = replies.filter((reply) => reply !== null);
    if (known.length > 0 && known.length === replies.length) {
      const answers = known.flatMap(({ version, outcome }) =>
        version !== null && outcome.kind === 'answer' ? [[version, outcome.answer] as const] : [],
      );
      tell.current?.(new Map(answers));
    }
  }, [replies]);
}
