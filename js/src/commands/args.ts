/** Arguments of our commands: checked, as anybody can run a command with anything. */

import { isNumber, isText, isYesNo, optional, shape, type Guard } from '../api/guards';

export const anywhere = shape({ x: optional(isNumber), y: optional(isNumber) });
const place = { x: optional(isNumber), y: optional(isNumber) };
export const ofModel = shape({ model: isText, version: optional(isNumber), ...place });
export const ofVersion = shape({ model: isText, version: isNumber, ...place });
export const ofLabel = shape({ model: isText, version: isNumber, label: isText });
export const ofText = shape({ text: isText, magic: optional(isYesNo) });
export const ofPage = shape({ id: isText });
export const ofStart = shape({ anyPort: optional(isYesNo) });

export function checked<T>(guard: Guard<T>, args: unknown): T {
  if (!guard(args)) {
    throw new Error(`These are no arguments for this command: ${JSON.stringify(args)}`);
  }
  return args;
}

type Kinds = Readonly<Record<string, 'string' | 'number' | 'boolean'>>;

/** The same as a JSON Schema, for palettes, menus and tools that want to know. */
export function described(kinds: Kinds, ...required: readonly string[]) {
  const properties = Object.fromEntries(
    Object.entries(kinds).map(([name, type]) => [name, { type }]),
  );
  return { args: { type: 'object', properties, required: [...required] } };
}
