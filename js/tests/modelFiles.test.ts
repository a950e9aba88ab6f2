import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../src/commands/modelKind';

const MODEL = [{ name: 'saved_model.pb', type: 'file' }];

test('a directory is a version by its number and by what lies in it', () => {
  assert.equal(kindOf('8', MODEL), 'version');
  assert.equal(kindOf('export', MODEL), 'no-version');
  assert.equal(kindOf('8', []), 'nothing');
  assert.equal(kindOf('8', [{ name: 'saved_model.pb', type: 'directory' }]), 'nothing');
});
