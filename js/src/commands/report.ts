/** What a bug report needs: plain text, without tokens, which the page does not have. */

import type { LogLine } from '../api/entries';
import type { Snapshot } from '../store/snapshot';

export function reportOf(known: Snapshot, lines: readonly LogLine[]): string {
  const { server, models } = known;
  const versions = models.map(({ name, versions: all }) => {
    const states = all.map(({ version, state, error }) => {
      return `${version} ${state}${error ? ` (${error.code}: ${error.message})` : ''}`;
    });
    return `- ${name}: ${states.join(', ') || 'no versions'}`;
  });
  return [
    `Model server: ${server?.state ?? 'unknown'}${server?.reason ? ` (${server.reason})` : ''}`,
    `Restarts: ${server?.restarts ?? 0}`,
    'Models:',
    ...(versions.length ? versions : ['- none']),
    'Log:',
    ...lines.map((line) => line.text),
  ].join('\n');
}
