/**
 * Takes a line of the model server's log apart.
 *
 *     2026-11-21 22:38:33,746 INFO server_ext.lifecycle.manager: Loaded digits version 8 in 1.06 s
 */

export type Level = 'info' | 'warn' | 'error';

export interface LineParts {
  readonly time: string;
  readonly level: Level;
  readonly text: string;
}

const PARTS =
  /^\S*?[ T]?(\d\d:\d\d:\d\d(?:[.,]\d{3})?)\S*\s+(?:([IWEF]|INFO|WARNING|ERROR|CRITICAL|FATAL)\b)?\s*(.*)$/s;
const LEVELS: Readonly<Record<string, Level>> = { W: 'warn', E: 'error', F: 'error', C: 'error' };

export function partsOf(line: string): LineParts {
  const [, time, level, rest] = PARTS.exec(line) ?? [];
  if (time === undefined || rest === undefined) {
    return { time: '', level: /^\w*(Error|Exception)\b/.test(line) ? 'error' : 'info', text: line };
  }
  return {
    time: time.replace(',', '.'),
    level: LEVELS[level?.charAt(0) ?? ''] ?? 'info',
    text: rest.replace(/^(?:\w+\.)+\w+: /, ''),
  };
}
