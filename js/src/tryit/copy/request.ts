/** A request as the snippets write it: whom it goes to, and what it says. */

import type { Signature } from '../../api/signatures';
import { pathOf, type Target } from '../targets';
import type { Where } from './where';

export interface Request {
  readonly model: string;
  readonly target: Target;
  /** Of the target at the moment: the magics know no labels. */
  readonly version: number | null;
  readonly signature: Signature;
  readonly verb: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly where: Where;
}

export function urlOf({ model, target, verb, where }: Request): string {
  return `${where.url}/${pathOf(model, target)}:${verb}`;
}

export function isBytes(value: unknown): value is { readonly b64: string } {
  return typeof value === 'object' && value !== null && 'b64' in value;
}
