/** States in the words of the user's language. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ServerWord, VersionWord } from '../store/reading';

export function serverText(trans: TranslationBundle, word: ServerWord): string {
  switch (word) {
    case 'unknown':
      return trans.__('Connecting');
    case 'missing':
      return trans.__('Not enabled');
    case 'refused':
      return trans.__('Not allowed');
    case 'reconnecting':
      return trans.__('Reconnecting');
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return trans.__('Running');
    case 'restarting':
      return trans.__('Restarting');
    case 'draining':
      return trans.__('Draining');
    case 'stopped':
      return trans.__('Stopped');
    case 'failed':
      return trans.__('Failed');
  }
}

export function versionText(trans: TranslationBundle, word: VersionWord): string {
  switch (word) {
    case 'waiting':
      return trans.__('Waiting');
    case 'loading':
      return trans.__('Loading');
    case 'available':
      return trans.__('Available');
    case 'unloading':
      return trans.__('Unloading');
    case 'unloaded':
      return trans.__('Unloaded');
    case 'failed':
      return trans.__('Failed');
    case 'removing':
      return trans.__('Removing');
    case 'on-disk':
      return trans.__('On disk');
  }
}

/** Which versions of a model are served, from the server's words: `all`, `latest: 2`, `specific: 1, 3`. */
export function servedText(trans: TranslationBundle, policy: string): string {
  const compact = policy.replace('specific:', '').replaceAll(' ', '');
  if (compact === 'all') {
    return trans.__('All versions in its directory are served.');
  }
  const count = /^latest:(\d+)$/.exec(compact)?.[1];
  if (count !== undefined) {
    return trans._n(
      'The newest version in its directory is served.',
      'The %1 newest versions in its directory are served.',
      Number(count),
    );
  }
  const numbers = compact.split(',');
  return trans._n(
    'Version %2 is served, and no newer one.',
    'Versions %2 are served, and no newer ones.',
    numbers.length,
    numbers.join(', '),
  );
}
