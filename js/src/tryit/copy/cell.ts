import type { Tensor } from '../../api/signatures';
import { isObject } from '../../api/guards';
import { isWord, python } from './python';
import type { Request } from './request';

const SAFE_NAME = /^[A-Za-z_]\w*$/;
const DEFAULT_SIGNATURE = 'serving_default';

/** A cell of a notebook: the inputs as arrays, and the magic that asks; null for other verbs. */
export function cell(request: Request): string | null {
  const { inputs } = request.body;
  const isTypable = isWord(request.model) && isWord(request.signature.name);
  if (request.verb !== 'predict' || !isObject(inputs) || !isTypable) {
    return null;
  }
  const given = request.signature.inputs.filter(({ name }) => name in inputs);
  const fields = given.map((tensor, index) => ({
    tensor,
    variable: SAFE_NAME.test(tensor.name) && !isReserved(tensor.name) ? tensor.name : `x${index}`,
  }));
  const lines = fields.map(
    ({ tensor, variable }) => `${variable} = ${array(tensor, inputs[tensor.name])}`,
  );
  const isAlone = fields.length === 1 && request.signature.inputs.length === 1;
  const fed = isAlone
    ? (fields[0]?.variable ?? '')
    : `{${fields.map(({ tensor, variable }) => `${python(tensor.name)}: ${variable}`).join(', ')}}`;
  const version = request.target.kind === 'newest' ? null : request.version;
  const options = [
    ...(version === null ? [] : [`--version ${version}`]),
    ...(request.signature.name === DEFAULT_SIGNATURE
      ? []
      : [`--signature ${request.signature.name}`]),
  ];
  const hasBytes = lines.some((line) => line.includes('base64.'));
  return [
    ...(hasBytes ? ['import base64', ''] : []),
    'import numpy as np',
    '',
    ...lines,
    `%tfs_predict ${[request.model, fed, ...options].join(' ')}`,
  ].join('\n');
}

function array({ type }: Tensor, value: unknown): string {
  const dtype =
    type === 'string' ? 'object' : type === 'bfloat16' ? 'np.float32' : `np.${bool(type)}`;
  return `np.array(${python(value, true)}, dtype=${dtype})`;
}

function bool(type: string): string {
  return type === 'bool' ? 'bool_' : type;
}

function isReserved(name: string): boolean {
  return ['np', 'base64', 'in', 'is', 'if', 'as', 'lambda', 'class', 'from', 'for'].includes(name);
}
