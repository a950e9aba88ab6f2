/** What a version takes and answers, from GET v1/models/NAME/versions/N/metadata. */

import { dictOf, isObject, isText, isYesNo, listOf, optional, shape, type Guarded } from './guards';

const isTensor = shape({
  dtype: isText,
  tensor_shape: shape({
    dim: listOf(shape({ size: isText })),
    unknown_rank: optional(isYesNo),
  }),
});

const isMetadata = shape({
  metadata: shape({
    signature_def: shape({
      signature_def: dictOf(
        shape({
          inputs: optional(dictOf(isTensor)),
          outputs: optional(dictOf(isTensor)),
          method_name: optional(isText),
          defaults: optional(dictOf((value: unknown): value is unknown => value !== undefined)),
        }),
      ),
    }),
  }),
});

export interface Tensor {
  readonly name: string;
  readonly type: string;
  readonly shape: string;
  readonly isOptional: boolean;
  /** What it is if it is left out, as text; absent where that is not known. */
  readonly default?: string;
}

export interface Signature {
  readonly name: string;
  readonly method: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

const TYPES: Readonly<Record<string, string>> = {
  DT_FLOAT: 'float32',
  DT_DOUBLE: 'float64',
  DT_HALF: 'float16',
  DT_BFLOAT16: 'bfloat16',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};

/** The signatures of a version by their names; null if this is no metadata. */
export function signaturesOf(answer: unknown): readonly Signature[] | null {
  if (!isMetadata(answer)) {
    return null;
  }
  return Object.entries(answer.metadata.signature_def.signature_def)
    .filter(([name]) => !name.startsWith('__'))
    .map(([name, { inputs, outputs, method_name: method, defaults }]) => ({
      name,
      method: (method ?? '').split('/').at(-1) ?? '',
      inputs: tensorsOf(inputs ?? {}, defaults ?? {}),
      outputs: tensorsOf(outputs ?? {}, {}),
    }))
    .sort((a, b) => Number(b.name === 'serving_default') - Number(a.name === 'serving_default'));
}

/** An example of what to send: one row, zeros or empty texts, with the shape that is asked for. */
export function exampleOf(signature: Signature): Readonly<Record<string, unknown>> {
  const required = signature.inputs.filter((each) => !each.isOptional);
  return Object.fromEntries(required.map((each) => [each.name, zerosOf(each)]));
}

type Shown = Guarded<typeof isTensor>;

function tensorsOf(
  tensors: Readonly<Record<string, Shown>>,
  defaults: Readonly<Record<string, unknown>>,
): readonly Tensor[] {
  return Object.entries(tensors).map(([name, tensor]) => ({
    name,
    type: TYPES[tensor.dtype] ?? tensor.dtype.replace(/^DT_/, '').toLowerCase(),
    shape: shapeText(tensor),
    isOptional: name in defaults,
    ...defaultOf(defaults[name]),
  }));
}

/** A single value of a TensorProto; longer ones are not told. */
function defaultOf(proto: unknown): { readonly default?: string } {
  const fields = isObject(proto) ? Object.entries(proto) : [];
  const [key, list] = fields.find(([name]) => name.endsWith('_val')) ?? ['', null];
  if (!Array.isArray(list) || list.length !== 1) {
    return {};
  }
  const [value] = list as readonly unknown[];
  const isEncoded = key === 'string_val' && isText(value);
  return { default: isEncoded ? decoded(value) : String(value) };
}

/** Bytes, which JSON has in base64, as text. */
function decoded(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

function shapeText({ tensor_shape: { dim, unknown_rank: isUnknown } }: Shown): string {
  if (isUnknown) {
    return 'any';
  }
  return `[${dim.map(({ size }) => (size === '-1' ? 'n' : size)).join(', ')}]`;
}

function zerosOf({ type, shape: text }: Tensor): unknown {
  const zero = type === 'string' ? '' : type === 'bool' ? false : 0;
  const sizes = text === 'any' || text === '[]' ? [] : text.slice(1, -1).split(', ');
  return sizes.reduceRight<unknown>(
    (inner, size) => Array.from({ length: size === 'n' ? 1 : Number(size) }, () => inner),
    zero,
  );
}
