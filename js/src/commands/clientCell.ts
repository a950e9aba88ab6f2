/** A cell that asks a model: what it takes and answers in a comment, and an example that works. */

import type { Signature, Tensor } from '../api/signatures';
import { isWord, python } from '../tryit/copy/python';

const USUAL = 'serving_default';
const SAFE_NAME = /^[A-Za-z_]\w*$/;
const TAKEN = new Set(['np', 'as', 'for', 'from', 'if', 'in', 'is', 'class', 'lambda', 'import']);

export function clientCell(
  model: string,
  version: number | undefined,
  signatures: readonly Signature[],
): string {
  const options = version === undefined ? [] : [`--version ${version}`];
  const signature = signatures.find(
    ({ name, method }) => isWord(name) && (method === '' || method === 'predict'),
  );
  if (!signature) {
    return `%tfs_predict ${[model, 'X[:3]', ...options].join(' ')}`;
  }
  const inputs = signature.inputs.filter((each) => !each.isOptional);
  const fields = inputs.map((tensor, index) => ({ tensor, name: variableOf(tensor, index) }));
  const isAlone = fields.length === 1 && signature.inputs.length === 1;
  const fed = isAlone
    ? (fields[0]?.name ?? '{}')
    : `{${fields.map(({ tensor, name }) => `${python(tensor.name)}: ${name}`).join(', ')}}`;
  const which = signature.name === USUAL ? [] : [`--signature ${signature.name}`];
  return [
    `# ${model}, ${signature.name}: ${typesOf(signature.inputs)} -> ${typesOf(signature.outputs)}`,
    'import numpy as np',
    '',
    ...fields.map(({ tensor, name }) => `${name} = ${exampleOf(tensor)}`),
    `%tfs_predict ${[model, fed, ...options, ...which].join(' ')}`,
  ].join('\n');
}

/** Names with types, on one line whatever a name holds. */
function typesOf(tensors: readonly Tensor[]): string {
  const texts = tensors.map(({ name, type, shape }) => `${name} ${type} ${shape}`);
  return texts.join(', ').replace(/[\s\p{Cc}]+/gu, ' ');
}

function variableOf({ name }: Tensor, index: number): string {
  return SAFE_NAME.test(name) && !TAKEN.has(name) ? name : `x${index}`;
}

/** One row of zeros or of empty texts. */
function exampleOf({ type, shape }: Tensor): string {
  const sizes = shape === 'any' ? [] : shape.slice(1, -1).split(', ').filter(Boolean);
  const numbers = sizes.map((size) => (size === 'n' ? '1' : size));
  const tuple = numbers.length === 1 ? `(${numbers.join('')},)` : `(${numbers.join(', ')})`;
  switch (type) {
    case 'string':
      return `np.full(${tuple}, "", dtype=object)`;
    case 'bool':
      return `np.zeros(${tuple}, dtype=bool)`;
    case 'bfloat16':
      return `np.zeros(${tuple}, dtype=np.float32)`;
    default:
      return `np.zeros(${tuple}, dtype=np.${type})`;
  }
}
