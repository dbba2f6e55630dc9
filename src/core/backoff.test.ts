import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { exponentialMs, fullJitterMs, halfJitterMs } from './backoff.ts';

const limits = { baseMs: 100, maxMs: 30_000 };

test('waits double from the base and stop growing at the maximum', () => {
  assert.deepEqual(
    [0, 1, 2, 8, 9, 5_000].map((attempt) => exponentialMs(limits, attempt)),
    [100, 200, 400, 25_600, 30_000, 30_000],
  );
});

test('jitter stays inside its bounds for any attempt and any draw', () => {
  fc.assert(
    fc.property(fc.nat(3_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, draw) => {
      const whole = exponentialMs(limits, attempt);
      const full = fullJitterMs(limits, attempt, () => draw);
      const half = halfJitterMs(limits, attempt, () => draw);
      assert.ok(full >= 1 && full < whole);
      assert.ok(half >= whole / 2 && half <= whole);
    }),
  );
});
