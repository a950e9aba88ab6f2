/** Reads `Server-Timing: queue;dur=0.4, run;dur=1.2, batch;desc="22"` (W3C Server Timing). */

export interface Timing {
  readonly queueMs: number | null;
  readonly runMs: number | null;
  /** Rows of the batch that a request rode in; null where it rode in none. */
  readonly batch: number | null;
}

const ENTRY = /([\w!#$%&'*+.^`|~-]+)((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,"\s]+))*)/g;

/** What a server said of its work; null if it said nothing that is known. */
export function timingOf(header: string | null): Timing | null {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const [, name = '', rest = ''] of (header ?? '').matchAll(ENTRY)) {
    found.set(name.toLowerCase(), parametersOf(rest));
  }
  const queueMs = numberOf(found.get('queue')?.get('dur'));
  const runMs = numberOf(found.get('run')?.get('dur'));
  const batch = numberOf(found.get('batch')?.get('desc'));
  return queueMs === null && runMs === null && batch === null ? null : { queueMs, runMs, batch };
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]+))/g);
  return new Map(
    [...pairs].map(([, name = '', quoted, plain = '']) => [
      name.toLowerCase(),
      quoted?.replaceAll(/\\(.)/g, '$1') ?? plain,
    ]),
  );
}

function numberOf(text: string | undefined): number | null {
  const value = text === undefined || text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
