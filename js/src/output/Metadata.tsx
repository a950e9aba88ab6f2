import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { TryIt } from '../tryit/TryIt';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import { Head } from './Frame';
import type { Sight } from './sight';
import type { MetadataSpec } from './spec';
import { TensorHead } from '../ui/TensorHead';

interface Props {
  readonly spec: MetadataSpec;
  readonly sight: Sight;
}

type Signature = MetadataSpec['facts']['signatures'][number];

/** What a model takes and returns. */
export function Metadata({ spec, sight }: Props): React.JSX.Element {
  const { trans, run, has } = useTools();
  const [isTried, setTried] = React.useState(false);
  const { version, same, signatures } = spec.facts;
  const model = sight.known.models.find((each) => each.name === spec.model);
  const canTry = sight.mode !== 'saved' && model !== undefined;
  const [only, ...others] = signatures;
  const isOne = only !== undefined && others.length === 0;
  const likeness = same.length ? [trans.__('same as %1', same.join(', '))] : [];
  const facts = [
    ...(isOne ? [wordsOf(only, trans.__('also: %1', only.also.join(', ')))] : []),
    ...likeness,
  ];
  return (
    <>
      <Head
        title={`${spec.model} ${version}`}
        actions={
          <>
            {canTry && (
              <Button pressed={isTried} onClick={() => setTried(!isTried)}>
                {trans.__('Try it')}
              </Button>
            )}
            {has('copy-text') && (
              <Button
                icon={copyIcon}
                onClick={() => run('copy-text', { text: JSON.stringify(signatures, null, 2) })}
              >
                {trans.__('Copy as JSON')}
              </Button>
            )}
          </>
        }
      >
        <span className="jp-tfs-muted">{facts.join(' · ')}</span>
      </Head>
      {signatures.map((each) => (
        <div key={each.name}>
          {!isOne && (
            <h3>
              <code>{wordsOf(each, trans.__('also: %1', each.also.join(', ')))}</code>
            </h3>
          )}
          <Tensors signature={each} />
        </div>
      ))}
      {isTried && canTry && <TryIt model={model} targets={[String(version)]} compact />}
    </>
  );
}

function wordsOf({ name, method, also }: Signature, others: string): string {
  const words = [name, method].filter((word) => word !== '').join(', ');
  return also.length ? `${words} (${others})` : words;
}

function Tensors({ signature }: { readonly signature: Signature }): React.JSX.Element {
  const { trans } = useTools();
  const { tensors } = signature;
  const hasNotes = tensors.some(({ note }) => note !== '');
  return (
    <div className="jp-tfs-Scroll">
      <table className="jp-tfs-Table">
        <TensorHead hasDefaults={hasNotes} />
        <tbody>
          {tensors.map(({ side, name, type, shape, note }) => (
            <tr key={`${side} ${name}`}>
              <td>{side === 'in' ? trans.__('in') : trans.__('out')}</td>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>
                <code>{type}</code>
              </td>
              <td>
                <code>{shape}</code>
              </td>
              {hasNotes && <td className="jp-tfs-muted">{note}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
