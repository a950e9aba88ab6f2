/** In which ways an input can be given; the first one is where its form begins. */

import type { Tensor } from '../../api/signatures';
import { widthOf } from '../csv/mapping';
import { frameOf } from '../picture/shape';

export type Way = 'default' | 'value' | 'draw' | 'upload' | 'file' | 'csv' | 'json';

const SINGLE = ['[]', '[n]', '[1]', '[n, 1]', '[1, 1]'];

/** Whether an input is a single number or text for each row. */
export function isSingle({ shape }: Tensor): boolean {
  return SINGLE.includes(shape);
}

export function waysOf(tensor: Tensor): readonly Way[] {
  if (isSingle(tensor)) {
    return [
      'value',
      ...(tensor.type === 'string' ? (['file'] as const) : []),
      ...(tensor.shape === '[]' ? [] : (['json'] as const)),
    ];
  }
  const ways = waysOfMany(tensor);
  return tensor.isOptional ? ['default', ...ways] : ways;
}

function waysOfMany(tensor: Tensor): readonly Way[] {
  const frame = frameOf(tensor);
  const isRow = tensor.shape !== 'any' && widthOf(tensor) !== null;
  if (!frame) {
    return isRow || isVector(tensor) ? ['json', 'csv'] : ['json'];
  }
  const isSized = frame.rows !== null && frame.columns !== null;
  if (!isSized || frame.channels === 3) {
    return ['upload', ...(isSized ? (['draw'] as const) : []), 'json'];
  }
  return frame.isLikely ? ['draw', 'upload', 'csv', 'json'] : ['json', 'csv', 'draw', 'upload'];
}

function isVector({ shape }: Tensor): boolean {
  return shape === '[n, n]';
}
