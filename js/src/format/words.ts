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
