/** How values stand on an axis: plain, and the unit at the top only. */

import type { Numbers } from '../../format/numbers';

type Axis = (value: number, top: number) => string;

const SPACE = '\u00a0';
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export const countAxis =
  (numbers: Numbers): Axis =>
  (value) =>
    numbers.count(value);

export const timeAxis =
  (numbers: Numbers): Axis =>
  (value, top) => {
    const isSeconds = top >= 1000;
    const scaled = numbers.count(isSeconds ? value / 1000 : value);
    return value === top ? `${scaled}${SPACE}${isSeconds ? 's' : 'ms'}` : scaled;
  };

export const bytesAxis =
  (numbers: Numbers): Axis =>
  (value, top) => {
    const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, top)) / 3));
    const scaled = numbers.count(value / 1000 ** power);
    return value === top ? `${scaled}${SPACE}${UNITS[power] ?? ''}` : scaled;
  };
