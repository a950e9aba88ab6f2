import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Choices } from '../src/store/choices';

test('what is supposed holds until something is chosen, and is not kept', () => {
  const choices = new Choices();
  let kept: unknown = null;
  choices.changed.connect((_, chosen) => {
    kept = chosen;
  });

  choices.suppose('metrics range', '1h');
  assert.equal(choices.get('metrics range'), '1h');
  assert.deepEqual(kept, {});

  choices.set('metrics range', '1d');
  choices.suppose('metrics range', '15m');
  assert.equal(choices.get('metrics range'), '1d');
  assert.deepEqual(kept, { 'metrics range': '1d' });
});
