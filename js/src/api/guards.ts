/**
 * Guards for what comes from the network: a value is checked once, where it comes in, and has a
 * type from there on. Fields that we do not know are left alone: a newer server may send more.
 */

export type Guard<T> = (value: unknown) => value is T;
export type Guarded<G> = G extends Guard<infer T> ? T : never;

export const isText: Guard<string> = (value): value is string => typeof value === 'string';
export const isNumber: Guard<number> = (value): value is number => typeof value === 'number';
export const isYesNo: Guard<boolean> = (value): value is boolean => typeof value === 'boolean';

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function oneOf<const T extends readonly string[]>(...words: T): Guard<T[number]> {
  return (value): value is T[number] => isText(value) && words.includes(value);
}

export function orNull<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

/** A field that older servers leave out. */
export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function listOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] =>
    Array.isArray(value) && value.every((each: unknown) => guard(each));
}

export function dictOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    isObject(value) && Object.values(value).every((each) => guard(each));
}

type Guards = Readonly<Record<string, Guard<unknown>>>;
type Needed<G extends Guards, K> = K extends keyof G
  ? undefined extends Guarded<G[K]>
    ? never
    : K
  : never;

/** What has these fields; those that may be undefined may also be absent. */
export type Shape<G extends Guards> = {
  readonly [K in keyof G as Needed<G, K>]: Guarded<G[K]>;
} & {
  readonly [K in keyof G as Exclude<K, Needed<G, K>>]?: Guarded<G[K]>;
};

export function shape<G extends Record<string, Guard<unknown>>>(guards: G): Guard<Shape<G>> {
  const fields = Object.entries(guards);
  return (value): value is Shape<G> =>
    isObject(value) && fields.every(([name, guard]) => guard(value[name]));
}
