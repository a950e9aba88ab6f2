import * as React from 'react';
import { Button } from '../ui/Button';
import { useTools } from '../ui/tools';
import type { Sight } from './sight';
import type { ProblemSpec } from './spec';
import { TensorHead } from '../ui/TensorHead';

interface Props {
  readonly spec: ProblemSpec;
  readonly sight: Sight;
}

/** Why something was refused: expected against got, and a cell that works. */
export function Problem({ spec }: Props): React.JSX.Element {
  const { trans, run, has } = useTools();
  const { title, remedy, expected, got, wrong, cell, lines } = spec.facts;
  return (
    <div className="jp-tfs-Notice">
      <p>
        <strong>{title}</strong> {remedy}
      </p>
      {expected && got && (
        <table className="jp-tfs-Table jp-mod-narrow">
          <TensorHead />
          <tbody>
            <Tensor side={trans.__('expected')} tensor={expected} wrong={null} />
            <Tensor side={trans.__('got')} tensor={got} wrong={wrong} />
          </tbody>
        </table>
      )}
      {lines.length > 0 && (
        <pre className="jp-tfs-Code" tabIndex={0}>
          {lines.join('\n')}
        </pre>
      )}
      {cell !== undefined && has('insert-cell') && (
        <div>
          <Button onClick={() => run('insert-cell', { text: cell, magic: true })}>
            {trans.__('Insert cell that works')}
          </Button>
        </div>
      )}
    </div>
  );
}

function Tensor(props: {
  readonly side: string;
  readonly tensor: NonNullable<ProblemSpec['facts']['got']>;
  readonly wrong: ProblemSpec['facts']['wrong'];
}): React.JSX.Element {
  const { side, tensor, wrong } = props;
  return (
    <tr>
      <th scope="row">{side}</th>
      <td>
        <code>{tensor.name}</code>
      </td>
      <td className={wrong === 'type' ? 'jp-mod-wrong' : undefined}>
        <code>{tensor.type}</code>
      </td>
      <td className={wrong === 'shape' ? 'jp-mod-wrong' : undefined}>
        <code>{tensor.shape}</code>
      </td>
    </tr>
  );
}
