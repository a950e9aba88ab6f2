import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedText } from '../src/format/words';
import { trans } from './words';

test('what is served is said in words, however the server spells it', () => {
  const said: Record<string, string> = {
    all: 'All versions in its directory are served.',
    'latest: 1': 'The newest version in its directory is served.',
    'latest:2': 'The 2 newest versions in its directory are served.',
    'specific: 7': 'Version 7 is served, and no newer one.',
    '7,9': 'Versions 7, 9 are served, and no newer ones.',
  };
  for (const [policy, text] of Object.entries(said)) {
    assert.equal(servedText(trans, policy), text);
  }
});
