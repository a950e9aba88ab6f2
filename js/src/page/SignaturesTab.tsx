import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from '../api/entries';
import { exampleOf, type Tensor } from '../api/signatures';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { useSignatures, type Known } from './useSignatures';

/** What the model takes and answers. */
export function SignaturesTab({ model }: { readonly model: Model }): React.JSX.Element {
  const { trans, run } = useTools();
  const known = useSignatures(model);
  const [chosen, setChosen] = React.useState('');
  const picker = React.useId();
  if (known === null || known.state !== 'known') {
    return (
      <div className="jp-tfs-Pane">
        <p className={known?.state === 'failed' ? 'jp-tfs-Error' : 'jp-tfs-muted'}>
          {known === null && trans.__('Load a version to see its signatures.')}
          {known?.state === 'failed' && known.reason}
        </p>
      </div>
    );
  }
  const signature = known.signatures.find((each) => each.name === chosen) ?? known.signatures[0];
  if (!signature) {
    return (
      <div className="jp-tfs-Pane">
        <p className="jp-tfs-muted">
          {trans.__('Version %1 has no signatures, so it answers nothing.', known.version)}
        </p>
      </div>
    );
  }
  const request = { signature_name: signature.name, inputs: exampleOf(signature) };
  return (
    <div className="jp-tfs-Pane">
      <div className="jp-tfs-line">
        <label className="jp-tfs-muted" htmlFor={picker}>
          {trans.__('Signature')}
        </label>
        <select
          id={picker}
          className="jp-tfs-Input jp-mod-small"
          value={signature.name}
          onChange={(event) => setChosen(event.target.value)}
        >
          {known.signatures.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span className="jp-tfs-muted">
          {trans.__('method %1', signature.method)} · <Versions known={known} />
        </span>
        <span className="jp-tfs-actions">
          <Button
            icon={copyIcon}
            onClick={() => run('copy-text', { text: JSON.stringify(signature, null, 2) })}
          >
            {trans.__('Copy as JSON')}
          </Button>
        </span>
      </div>
      <div className="jp-tfs-Columns">
        <Tensors title={trans.__('Inputs')} tensors={signature.inputs} areInputs />
        <Tensors title={trans.__('Outputs')} tensors={signature.outputs} />
      </div>
      <section>
        <h2>{trans.__('Request')}</h2>
        <pre className="jp-tfs-Code" tabIndex={0}>
          {`POST /v1/models/${model.name}:predict\n\n${JSON.stringify(request)}`}
        </pre>
      </section>
    </div>
  );
}

function Versions({
  known,
}: {
  readonly known: Known & { readonly state: 'known' };
}): React.JSX.Element {
  const { trans } = useTools();
  if (known.same.length > 1) {
    const others = known.others.length
      ? ` · ${trans.__('other in %1', listOf(known.others, trans.__('and')))}`
      : '';
    return <>{trans.__('the same in %1', listOf(known.same, trans.__('and'))) + others}</>;
  }
  return <>{trans.__('version %1', known.version)}</>;
}

/** Versions from the oldest on, as they are said: 5, 7 and 8. */
function listOf(versions: readonly number[], and: string): string {
  const [last, ...others] = [...versions].sort((a, b) => b - a);
  return others.length ? `${others.reverse().join(', ')} ${and} ${last ?? ''}` : String(last ?? '');
}

function Tensors(props: {
  readonly title: string;
  readonly tensors: readonly Tensor[];
  readonly areInputs?: boolean;
}): React.JSX.Element {
  const { trans } = useTools();
  return (
    <section>
      <h2>{props.title}</h2>
      <div className="jp-tfs-Scroll">
        <table className="jp-tfs-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Type')}</th>
              <th scope="col">{trans.__('Shape')}</th>
              {props.areInputs && <th scope="col">{trans.__('Default')}</th>}
            </tr>
          </thead>
          <tbody>
            {props.tensors.map((tensor) => (
              <tr key={tensor.name}>
                <th scope="row">
                  <code>{tensor.name}</code>
                </th>
                <td>
                  <code>{tensor.type}</code>
                </td>
                <td>
                  <code>{tensor.shape}</code>
                </td>
                {props.areInputs && (
                  <td className="jp-tfs-muted">
                    {tensor.isOptional ? trans.__('has one') : trans.__('none, required')}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
