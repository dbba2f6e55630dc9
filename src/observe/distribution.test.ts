import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Distribution } from './distribution.ts';

test('each value counts for its bound and all that are longer, a bound for itself', () => {
  const distribution = new Distribution([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 30]) distribution.add(seconds);
  const { atMost, count, sumSeconds } = distribution.read();
  assert.deepEqual(atMost, [
    [0.1, 2],
    [1, 3],
  ]);
  assert.deepEqual([count, sumSeconds.toFixed(2)], [4, '30.65']);
});
