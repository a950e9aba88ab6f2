/** What is in a form: for each input in which way it is given, and what each way has so far. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { exampleOf, type Signature, type Tensor } from '../../api/signatures';
import { shapeOf } from '../answers/outputs';
import { problemText } from '../problemText';
import { problemsOf } from '../values';
import { isSingle, waysOf, type Way } from './ways';

/** What an input is, if it is anything yet. */
export interface Feed {
  readonly way: Way;
  readonly value: unknown;
  /** In words; empty if nothing is wrong. */
  readonly problem: string;
  /** Whether it can be sent: a wrong size can, as the model has the last word. */
  readonly isReady: boolean;
}

export interface Form {
  readonly ways: Readonly<Record<string, Way>>;
  /** What was typed, by keyOf. */
  readonly texts: Readonly<Record<string, string>>;
  /** What was drawn or chosen, by keyOf. */
  readonly given: Readonly<Record<string, unknown>>;
}

/** The examples of Classify and Regress are no tensors: they go by a name of their own. */
export const EXAMPLES: Tensor = { name: 'examples', type: 'any', shape: 'any', isOptional: false };

export function keyOf(way: Way, name: string): string {
  return `${way} ${name}`;
}

/** The inputs that a form has for a signature. */
export function fieldsOf(signature: Signature): readonly Tensor[] {
  return takesExamples(signature) ? [EXAMPLES] : signature.inputs;
}

export function takesExamples({ method }: Signature): boolean {
  return method === 'classify' || method === 'regress';
}

export function emptyForm(signature: Signature): Form {
  const fields = fieldsOf(signature);
  const example = takesExamples(signature) ? { examples: [{}] } : exampleOf(signature);
  const texts = fields.map((tensor) => [
    keyOf('json', tensor.name),
    tensor.name in example ? pretty(example[tensor.name]) : '',
  ]);
  return {
    ways: Object.fromEntries(fields.map((tensor) => [tensor.name, waysOf(tensor)[0] ?? 'json'])),
    texts: Object.fromEntries(texts) as Form['texts'],
    given: {},
  };
}

export function feedOf(form: Form, tensor: Tensor, trans: TranslationBundle): Feed {
  const way = form.ways[tensor.name] ?? 'json';
  const key = keyOf(way, tensor.name);
  if (way === 'default') {
    return { way, value: undefined, problem: '', isReady: true };
  }
  if (way !== 'json' && way !== 'value') {
    const value = form.given[key];
    return value === undefined
      ? { way, value, problem: '', isReady: false }
      : checked(tensor, way, value, trans);
  }
  const text = (form.texts[key] ?? '').trim();
  const isText = way === 'value' && tensor.type === 'string';
  if (text === '' && !isText) {
    return { way, value: undefined, problem: '', isReady: tensor.isOptional };
  }
  if (isText && text === '' && tensor.isOptional) {
    return { way, value: undefined, problem: '', isReady: true };
  }
  return way === 'value' ? typed(tensor, text, trans) : parsed(tensor, text, trans);
}

/** A single value as it was typed, in as many lists as the shape has dimensions. */
function typed(tensor: Tensor, text: string, trans: TranslationBundle): Feed {
  const leaf = leafOf(tensor, text);
  const way: Way = 'value';
  if (leaf === undefined) {
    const problem = trans.__('%1 is no %2.', text, tensor.type);
    return { way, value: undefined, problem, isReady: false };
  }
  const value = (tensor.shape.match(/[n1]/g) ?? []).reduce<unknown>((inner) => [inner], leaf);
  const [problem] = problemsOf(tensor, value);
  if (problem?.kind === 'bounds') {
    const text = trans.__('Expected %1 to %2.', problem.low, problem.high);
    return { way, value, problem: text, isReady: false };
  }
  return problem
    ? { way, value, problem: trans.__('%1 is no %2.', text, tensor.type), isReady: false }
    : { way, value, problem: '', isReady: true };
}

function leafOf({ type }: Tensor, text: string): unknown {
  if (type === 'string') {
    return text;
  }
  if (type === 'bool') {
    return text === 'true' ? true : text === 'false' ? false : undefined;
  }
  const value = Number(text.replace(',', '.'));
  return Number.isFinite(value) ? value : undefined;
}

function parsed(tensor: Tensor, text: string, trans: TranslationBundle): Feed {
  try {
    return checked(tensor, 'json', JSON.parse(text) as unknown, trans);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    const problem = trans.__('This is no JSON: %1', reason);
    return { way: 'json', value: undefined, problem, isReady: false };
  }
}

function checked(tensor: Tensor, way: Way, value: unknown, trans: TranslationBundle): Feed {
  if (tensor === EXAMPLES) {
    return examples(value, trans);
  }
  const problems = problemsOf(tensor, value);
  const isSize = problems.every(({ kind }) => kind === 'size' || kind === 'rank');
  return {
    way,
    value,
    problem: problemText(trans, tensor, value),
    isReady: isSize && shapeOf(value) !== null,
  };
}

function examples(value: unknown, trans: TranslationBundle): Feed {
  const isDict = (each: unknown): boolean =>
    typeof each === 'object' && each !== null && !Array.isArray(each);
  const isRight = Array.isArray(value) && value.length > 0 && value.every(isDict);
  const problem = isRight ? '' : trans.__('Expected a list of examples: [{"feature": value, …}]');
  return { way: 'json', value, problem, isReady: isRight };
}

/** The body of a request, of all that is given. */
export function bodyOf(
  signature: Signature,
  feeds: Readonly<Record<string, Feed>>,
): Readonly<Record<string, unknown>> {
  if (takesExamples(signature)) {
    return { signature_name: signature.name, examples: feeds[EXAMPLES.name]?.value };
  }
  const given = Object.entries(feeds).filter(([, { value }]) => value !== undefined);
  const inputs = Object.fromEntries(given.map(([name, { value }]) => [name, value]));
  return { signature_name: signature.name, inputs };
}

/** Another way for an input: JSON begins with what there was, so that it can be changed. */
export function turned(form: Form, tensor: Tensor, way: Way, value: unknown): Form {
  const ways = { ...form.ways, [tensor.name]: way };
  return way === 'json' && value !== undefined
    ? { ...form, ways, texts: { ...form.texts, [keyOf('json', tensor.name)]: pretty(value) } }
    : { ...form, ways };
}

/** Values for several inputs at once, as a row of a table or a remedy has them. */
export function filled(
  form: Form,
  fields: readonly Tensor[],
  values: Readonly<Record<string, unknown>>,
): Form {
  const ways: Record<string, Way> = { ...form.ways };
  const texts: Record<string, string> = { ...form.texts };
  for (const tensor of fields.filter(({ name }) => name in values)) {
    const value = values[tensor.name];
    const leaf: unknown = Array.isArray(value) ? (value as unknown[]).flat(4)[0] : value;
    const way: Way =
      isSingle(tensor) && shapeOf(value)?.every((size) => size === 1) ? 'value' : 'json';
    ways[tensor.name] = way;
    texts[keyOf(way, tensor.name)] = way === 'value' ? leafText(leaf) : pretty(value);
  }
  return { ...form, ways, texts };
}

function leafText(leaf: unknown): string {
  return typeof leaf === 'string' ? leaf : JSON.stringify(leaf);
}

/** JSON with one line for each row. */
export function pretty(value: unknown, indent = ''): string {
  if (!Array.isArray(value) || !value.some(Array.isArray)) {
    return JSON.stringify(value).replaceAll(/,(?=\S)/g, ', ');
  }
  const list: readonly unknown[] = value;
  return `[${list.map((each) => pretty(each, `${indent} `)).join(`,\n${indent} `)}]`;
}
