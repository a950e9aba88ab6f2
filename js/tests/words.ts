/** The words of the sources, as they are where no translation is installed. */

import type { TranslationBundle } from '@jupyterlab/translation';

type Given = readonly unknown[];

function filled(text: string, given: Given): string {
  return text.replaceAll(/%(\d)/g, (_, place) => String(given[Number(place) - 1]));
}

const words = {
  __: (text: string, ...given: Given) => filled(text, given),
  _n: (one: string, many: string, count: number, ...given: Given) =>
    filled(count === 1 ? one : many, [count, ...given]),
};

export const trans = words as unknown as TranslationBundle;
