/** The state of a form: what is in it, what that gives, and how it changes. */

import * as React from 'react';
import type { Signature, Tensor } from '../../api/signatures';
import { useTools } from '../../ui/tools';
import type { Body } from '../useAsk';
import { bodyOf, emptyForm, feedOf, fieldsOf, filled, keyOf, turned, type Feed } from './form';
import type { Way } from './ways';

export interface FormState {
  readonly fields: readonly Tensor[];
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Whether the model can be asked. */
  readonly isReady: boolean;
  /** Whether something that is drawn is part of it, so that answers follow the hand. */
  readonly isDrawn: boolean;
  readonly setText: (tensor: Tensor, way: Way, text: string) => void;
  readonly setGiven: (tensor: Tensor, way: Way, value: unknown) => void;
  readonly turn: (tensor: Tensor, way: Way) => void;
  readonly fill: (values: Readonly<Record<string, unknown>>) => void;
}

export function useForm(signature: Signature): FormState {
  const { trans } = useTools();
  const [form, setForm] = React.useState(() => emptyForm(signature));
  const fields = React.useMemo(() => fieldsOf(signature), [signature]);
  const feeds = React.useMemo(
    () => Object.fromEntries(fields.map((each) => [each.name, feedOf(form, each, trans)])),
    [form, fields, trans],
  );
  const body = React.useMemo(() => bodyOf(signature, feeds), [signature, feeds]);
  return {
    fields,
    feeds,
    texts: form.texts,
    body,
    isReady: Object.values(feeds).every(({ isReady }) => isReady),
    isDrawn: Object.values(feeds).some(({ way, value }) => way === 'draw' && value !== undefined),
    setText: (tensor, way, text) =>
      setForm((before) => ({
        ...before,
        texts: { ...before.texts, [keyOf(way, tensor.name)]: text },
      })),
    setGiven: (tensor, way, value) =>
      setForm((before) => ({
        ...before,
        given: { ...before.given, [keyOf(way, tensor.name)]: value },
      })),
    turn: (tensor, way) =>
      setForm((before) => turned(before, tensor, way, feeds[tensor.name]?.value)),
    fill: (values) => setForm((before) => filled(before, fields, values)),
  };
}
