/** Which columns of a table go to which inputs, and what a row then says. */

import type { Tensor } from '../../api/signatures';
import { sizesOf } from '../values';
import { isNumeric, type Row } from './rows';

const NO_FEATURE = /^(id|index|label|labels|target|class|species|y)$/i;

/** The columns of each input by its name: one for a single value, all that it has for a vector. */
export type Mapping = Readonly<Record<string, readonly number[]>>;

/** How many columns an input takes; null for any number of them. */
export function widthOf(tensor: Tensor): number | null {
  const sizes = sizesOf(tensor.shape);
  const inner = sizes[0] === null ? sizes.slice(1) : sizes;
  if (inner.includes(null)) {
    return null;
  }
  return inner.reduce<number>((product, size) => product * (size ?? 1), 1);
}

/** A mapping to begin with: by names where there are some that fit, by order elsewhere. */
export function mappingOf(tensors: readonly Tensor[], names: Row, rows: readonly Row[]): Mapping {
  const single = tensors.filter((tensor) => widthOf(tensor) === 1);
  const mapping: Record<string, readonly number[]> = {};
  const lower = names.map((name) => name.trim().toLowerCase());
  for (const { name } of single) {
    const place = lower.indexOf(name.toLowerCase());
    mapping[name] = place < 0 ? [] : [place];
  }
  const isNamed = Object.values(mapping).some((places) => places.length > 0);
  single.forEach(({ name }, index) => {
    if (!isNamed && index < (rows[0]?.length ?? 0)) {
      mapping[name] = [index];
    }
  });
  for (const tensor of tensors.filter((each) => !single.includes(each))) {
    mapping[tensor.name] = featuresOf(tensor, names, rows);
  }
  return mapping;
}

/** The columns of a vector: those with numbers, and no names of rows or of what is to be found. */
function featuresOf(tensor: Tensor, names: Row, rows: readonly Row[]): readonly number[] {
  const all = (rows[0] ?? []).map((_, place) => place);
  const width = widthOf(tensor) ?? all.length;
  if (all.length <= width) {
    return all;
  }
  const isText = tensor.type === 'string';
  const fitting = all.filter((place) => isText || isNumeric(rows[0]?.[place] ?? ''));
  const likely = fitting.filter((place) => !NO_FEATURE.test(names[place] ?? ''));
  return (likely.length >= width ? likely : fitting).slice(0, width);
}

/** What an input gets from a row; what is no number stays text, for the validation to name. */
export function valueOf(tensor: Tensor, places: readonly number[], row: Row): unknown {
  const leaves = places.map((place) => leafOf(tensor.type, row[place] ?? ''));
  const sizes = sizesOf(tensor.shape);
  const filled = sizes.map((size, index) => (index === 0 && size === null ? 1 : size));
  const isVector = filled.length === 2 && filled[1] === null;
  return nested(leaves, isVector ? [1, leaves.length] : filled.map((size) => size ?? 1));
}

function leafOf(type: string, field: string): unknown {
  if (type === 'string') {
    return field;
  }
  if (type === 'bool') {
    const words: Readonly<Record<string, boolean>> = {
      true: true,
      1: true,
      false: false,
      0: false,
    };
    return words[field.trim().toLowerCase()] ?? field;
  }
  return isNumeric(field) ? Number(field) : field;
}

function nested(leaves: readonly unknown[], sizes: readonly number[]): unknown {
  if (sizes.length === 0) {
    return leaves[0];
  }
  const [, ...inner] = sizes;
  const step = inner.reduce((product, size) => product * size, 1);
  const count = Math.ceil(leaves.length / step);
  return Array.from({ length: count }, (_, index) =>
    nested(leaves.slice(index * step, (index + 1) * step), inner),
  );
}
