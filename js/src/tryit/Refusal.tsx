import * as React from 'react';
import type { Model } from '../api/entries';
import type { Signature } from '../api/signatures';
import { isObject } from '../api/guards';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { compared, refitted, sizeText, type Compared } from './comparing';
import type { Reply } from './useAsk';
import { TensorHead } from '../ui/TensorHead';

export interface Remedies {
  /** Send this in place of what an input was, after it was made to fit. */
  readonly onRefit?: (name: string, value: unknown) => void;
  /** Put a cell that works into the notebook. */
  readonly onInsert?: (() => void) | undefined;
}

interface Props extends Remedies {
  readonly model: Model;
  readonly signature: Signature;
  readonly reply: Reply;
}

/** Why the model refused: what it expects against what it got, and one remedy. */
export function Refusal({ signature, reply, onRefit, onInsert }: Props): React.JSX.Element | null {
  const { trans, numbers } = useTools();
  const { outcome } = reply;
  if (outcome.kind !== 'refusal') {
    return null;
  }
  const inputs = isObject(reply.body['inputs']) ? reply.body['inputs'] : {};
  const wrong = compared(signature, inputs);
  const [first] = wrong;
  const better = first && refitted(first.tensor, inputs[first.tensor.name]);
  const from =
    reply.version === null ? '' : trans.__('%1 from version %2', outcome.status, reply.version);
  return (
    <section className="jp-tfs-Notice" aria-label={trans.__('Error')}>
      <Reason wrong={first} reason={outcome.reason} canRefit={better != null} />
      {first && <Comparison wrong={wrong} />}
      {first && <p className="jp-tfs-small jp-tfs-muted jp-tfs-wrap">{outcome.reason}</p>}
      <div className="jp-tfs-line">
        {first && better != null && onRefit && (
          <Button kind="accept" onClick={() => onRefit(first.tensor.name, better)}>
            {trans.__('Resize and run')}
          </Button>
        )}
        {first && better == null && onInsert && (
          <Button onClick={onInsert}>{trans.__('Insert cell that works')}</Button>
        )}
        <span className="jp-tfs-actions jp-tfs-small jp-tfs-muted">
          {trans.__('%1 in %2', from || String(outcome.status), numbers.milliseconds(reply.ms))}
        </span>
      </div>
    </section>
  );
}

interface ReasonProps {
  readonly wrong: Compared | undefined;
  readonly reason: string;
  readonly canRefit: boolean;
}

/** What happened, and then what to do. */
function Reason({ wrong, reason, canRefit }: ReasonProps): React.JSX.Element {
  const { trans } = useTools();
  if (!wrong) {
    return (
      <p className="jp-tfs-wrap">
        <strong>{reason}</strong>
      </p>
    );
  }
  const { tensor, isShapeWrong, isPicture, got } = wrong;
  const expected = sizeText(tensor.shape);
  const sent = sizeText(got.shape);
  const name = isPicture ? trans.__('The image') : tensor.name;
  const what = isShapeWrong
    ? trans.__('%1 has another shape than the model expects.', name)
    : trans.__('%1 has another type than the model expects.', name);
  const remedy =
    canRefit && isPicture && expected !== '' && sent !== ''
      ? trans.__('Resize it to %1, or export a version that takes %2.', expected, sent)
      : trans.__('Send %1 %2.', tensor.type, tensor.shape);
  return (
    <p>
      <strong>{what}</strong> {remedy}
    </p>
  );
}

function Comparison({ wrong }: { readonly wrong: readonly Compared[] }): React.JSX.Element {
  const { trans } = useTools();
  const cell = (isWrong: boolean, text: string): React.JSX.Element => (
    <td className={isWrong ? 'jp-mod-wrong' : ''}>
      <code>{text}</code>
    </td>
  );
  return (
    <div className="jp-tfs-Scroll">
      <table className="jp-tfs-Table jp-tfs-Compared">
        <TensorHead />
        {wrong.map(({ tensor, got, isTypeWrong, isShapeWrong }) => (
          <tbody key={tensor.name}>
            <tr>
              <th scope="row">{trans.__('expected')}</th>
              {cell(false, tensor.name)}
              {cell(false, tensor.type)}
              {cell(false, tensor.shape)}
            </tr>
            <tr>
              <th scope="row">{trans.__('got')}</th>
              {cell(false, tensor.name)}
              {cell(isTypeWrong, got.type)}
              {cell(isShapeWrong, got.shape)}
            </tr>
          </tbody>
        ))}
      </table>
    </div>
  );
}
