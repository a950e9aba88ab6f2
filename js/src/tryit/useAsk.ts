/** Asks versions side by side, and keeps the last answer of each for as long as it is asked. */

import * as React from 'react';
import type { Model } from '../api/entries';
import { ApiError } from '../api/errors';
import { useTools } from '../ui/tools';
import { timingOf, type Timing } from './answers/timing';
import { Asker, type Clock } from './asker';
import { pathOf, versionOf, type Target } from './targets';

const LATE_MS = 300;

export type Body = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly target: Target;
  readonly version: number | null;
  readonly body: Body;
  readonly outcome:
    | { readonly kind: 'answer'; readonly answer: unknown }
    | { readonly kind: 'refusal'; readonly status: number; readonly reason: string };
  readonly timing: Timing | null;
  /** There and back, as it took from here. */
  readonly ms: number;
}

export interface Asking {
  /** In the order in which they are asked; null for who has not answered yet. */
  readonly replies: readonly (Reply | null)[];
  /** Whether a new answer has been waited for so long that the old one is muted. */
  readonly isLate: boolean;
  readonly isBusy: boolean;
  readonly ask: (verb: string, body: Body) => void;
  readonly forget: () => void;
}

interface Wish {
  readonly target: Target;
  readonly path: string;
  readonly body: Body;
  readonly version: number | null;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

export function useAsk(
  model: Model,
  targets: readonly Target[],
  onSent?: (sent: { readonly path: string; readonly body: Body }) => void,
): Asking {
  const send = useSender();
  const [replies, setReplies] = React.useState<ReadonlyMap<string, Reply>>(new Map());
  const [waiting, setWaiting] = React.useState<ReadonlySet<string>>(new Set());
  const askers = React.useRef(new Map<string, Asker<Wish>>());
  const epoch = React.useRef(0);
  const keys = targets.map((target) => pathOf(model.name, target));
  const asked = keys.join(' ');
  const perform = async (key: string, wish: Wish): Promise<void> => {
    const began = epoch.current;
    setWaiting((before) => new Set(before).add(key));
    onSent?.({ path: wish.path, body: wish.body });
    const reply = await send(wish);
    if (began === epoch.current) {
      setReplies((before) => new Map(before).set(key, reply));
      setWaiting((before) => new Set([...before].filter((each) => each !== key)));
    }
  };
  const forget = (): void => {
    epoch.current += 1;
    askers.current.forEach((asker) => asker.stop());
    askers.current.clear();
    setReplies(new Map());
    setWaiting(new Set());
  };
  const performing = React.useRef(perform);
  performing.current = perform;
  React.useEffect(() => {
    const { current } = askers;
    return () => current.forEach((asker) => asker.stop());
  }, []);
  return {
    replies: React.useMemo(
      () => asked.split(' ').map((key) => replies.get(key) ?? null),
      [asked, replies],
    ),
    isLate: useLate(waiting.size > 0),
    isBusy: keys.some((key) => waiting.has(key)),
    ask: (verb, body) =>
      targets.forEach((target, index) => {
        const key = keys[index] ?? '';
        const asker =
          askers.current.get(key) ??
          new Asker<Wish>((wish) => performing.current(key, wish), CLOCK);
        askers.current.set(key, asker);
        asker.wish({ target, path: `${key}:${verb}`, body, version: versionOf(model, target) });
      }),
    forget,
  };
}

/** Sends a request; a refusal is a reply as well. */
function useSender(): (wish: Wish) => Promise<Reply> {
  const { client } = useTools().panel;
  return async ({ target, path, body, version }) => {
    const began = performance.now();
    const known = { target, version, body };
    try {
      const { answer, serverTiming } = await client.timed(path, body);
      const ms = performance.now() - began;
      const timing = timingOf(serverTiming);
      return { ...known, outcome: { kind: 'answer', answer }, timing, ms };
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      const reason = error instanceof Error ? error.message : String(error);
      const ms = performance.now() - began;
      return { ...known, outcome: { kind: 'refusal', status, reason }, timing: null, ms };
    }
  };
}

/** True when something has gone on for so long that people want to see that it does. */
function useLate(isOn: boolean): boolean {
  const [isLate, setLate] = React.useState(false);
  React.useEffect(() => {
    if (!isOn) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, [isOn]);
  return isLate && isOn;
}
