import * as React from 'react';
import type { Model } from '../api/entries';
import type { Signature } from '../api/signatures';
import { useSignatures } from '../page/useSignatures';
import { useTools } from '../ui/tools';
import { RequestForm } from './RequestForm';
import type { Body } from './useAsk';

/** A request as it was sent: a path below tfs/ of Jupyter, and its body. */
export interface Sent {
  readonly path: string;
  readonly body: Body;
}

export interface TryItProps {
  readonly model: Model;
  /** Its name; without it the first one, and which can be chosen. */
  readonly signature?: string;
  /** Whom to ask at first: versions, labels, `newest` or `all`. */
  readonly targets?: readonly string[];
  /** Leaves out what a cell or a widget has no room for. */
  readonly compact?: boolean;
  readonly onRequest?: (sent: Sent) => void;
}

/** Ask the model, by a form that its signature makes. */
export function TryIt(props: TryItProps): React.JSX.Element {
  const { trans } = useTools();
  const { model } = props;
  const known = useSignatures(model);
  const [chosen, setChosen] = React.useState(props.signature ?? '');
  const signatures = known?.state === 'known' ? known.signatures : [];
  const signature = signatures.find((each) => each.name === chosen) ?? signatures[0];
  if (!signature) {
    return (
      <p className={known?.state === 'failed' ? 'jp-tfs-Error' : 'jp-tfs-muted'}>
        {known === null && trans.__('Load a version to ask it.')}
        {known?.state === 'failed' && known.reason}
        {known?.state === 'known' &&
          trans.__('Version %1 has no signatures, so it answers nothing.', known.version)}
      </p>
    );
  }
  return (
    <>
      {signatures.length > 1 && props.signature === undefined && (
        <SignatureChoice signatures={signatures} chosen={signature} onChoose={setChosen} />
      )}
      <RequestForm key={signature.name} {...props} chosen={signature} />
    </>
  );
}

interface ChoiceProps {
  readonly signatures: readonly Signature[];
  readonly chosen: Signature;
  readonly onChoose: (name: string) => void;
}

function SignatureChoice({ signatures, chosen, onChoose }: ChoiceProps): React.JSX.Element {
  const { trans } = useTools();
  const id = React.useId();
  return (
    <div className="jp-tfs-line">
      <label className="jp-tfs-muted" htmlFor={id}>
        {trans.__('Signature')}
      </label>
      <select
        id={id}
        className="jp-tfs-Input jp-mod-small"
        value={chosen.name}
        onChange={(event) => onChoose(event.target.value)}
      >
        {signatures.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <span className="jp-tfs-muted">{trans.__('method %1', chosen.method)}</span>
    </div>
  );
}
