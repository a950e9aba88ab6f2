/** The texts as they are in the sources, which are English, where nobody translates them. */

import type { TranslationBundle } from '@jupyterlab/translation';

type Value = string | number;

function filled(text: string, values: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (_, at: string) => String(values[Number(at) - 1]));
}

const one = (text: string, ...values: unknown[]): string => filled(text, values);
const some = (text: string, texts: string, n: number, ...values: unknown[]): string =>
  filled(n === 1 ? text : texts, [n, ...values]);

export const words: TranslationBundle = {
  __: one,
  gettext: one,
  _n: some,
  ngettext: some,
  _p: (_: string, text: string, ...values: Value[]) => filled(text, values),
  pgettext: (_: string, text: string, ...values: Value[]) => filled(text, values),
  _np: (_: string, text: string, texts: string, n: number, ...values: Value[]) =>
    some(text, texts, n, ...values),
  npgettext: (_: string, text: string, texts: string, n: number, ...values: Value[]) =>
    some(text, texts, n, ...values),
  dcnpgettext: (_: string, __: string, text: string, texts: string, n: number, ...values) =>
    some(text, texts, n, ...(values as Value[])),
};
