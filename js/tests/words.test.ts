import assert from 'node:assert/strict';
import { test } from 'node:test';
import { words } from '../src/widgets/words';

test('texts are filled as JupyterLab fills them', () => {
  assert.equal(
    words.__('%1 stands for version %2 of %3 now.', 'a', 7, 'm'),
    'a stands for version 7 of m now.',
  );
  assert.equal(words._n('%1 request of %2', '%1 requests of %2', 1, 'm'), '1 request of m');
  assert.equal(words._n('%1 request of %2', '%1 requests of %2', 2, 'm'), '2 requests of m');
});
