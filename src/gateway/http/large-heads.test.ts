import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLargeHeads } from './large-heads.ts';

test('a place is free again when its head has come or its client has gone', () => {
  const heads = createLargeHeads(2);
  assert.deepEqual([heads.begin(), heads.begin(), heads.begin()], [true, true, false]);
  heads.end();
  assert.equal(heads.begin(), true);
});
