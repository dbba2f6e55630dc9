import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createTokenBuckets, maxBuckets, type Rate, type TokenBuckets } from './token-buckets.ts';

const start = 1_700_000_000_000;

function takes(buckets: TokenBuckets, now: number, name = 'ann'): boolean {
  if (buckets.waitMs(name, now) > 0) return false;
  buckets.take(name, now);
  return true;
}

function takesAll(rate: Rate, moments: readonly number[]): boolean[] {
  const buckets = createTokenBuckets(rate, start);
  return moments.map((at) => takes(buckets, start + at));
}

describe('a bucket', () => {
  it('gives its count at once, and then one each even part of the period', () => {
    assert.deepEqual(takesAll({ count: 3, periodMs: 3_000 }, [0, 0, 0, 0, 999, 1_000, 1_000, 2_000, 10_000, 10_000, 10_000, 10_000]), [
      ...[true, true, true, false],
      ...[false, true, false, true],
      ...[true, true, true, false],
    ]);
  });

  it('loses no fraction: under constant demand it gives exactly its rate, however odd', () => {
    for (const rate of [
      { count: 7, periodMs: 1_000 },
      { count: 3, periodMs: 1_000 },
      { count: 999, periodMs: 60_000 },
    ]) {
      const buckets = createTokenBuckets(rate, start);
      let given = 0;
      const periods = 20;
      for (let at = 0; at <= rate.periodMs * periods; at += 1) while (takes(buckets, start + at)) given += 1;
      assert.equal(given, rate.count * (periods + 1));
    }
  });

  it('says to the millisecond when there is one again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 100_000 }), fc.nat(100_000_000), (count, periodMs, at) => {
        const buckets = createTokenBuckets({ count, periodMs }, start);
        const now = start + at;
        for (let taken = 0; taken < count; taken += 1) buckets.take('ann', now);
        const waitMs = buckets.waitMs('ann', now);
        assert.ok(waitMs > 0);
        assert.equal(buckets.waitMs('ann', now + waitMs), 0);
        assert.ok(buckets.waitMs('ann', now + waitMs - 1) > 0);
      }),
    );
  });

  it('is one for each name', () => {
    const buckets = createTokenBuckets({ count: 1, periodMs: 1_000 }, start);
    assert.deepEqual([takes(buckets, start, 'ann'), takes(buckets, start, 'bob'), takes(buckets, start, 'ann')], [true, true, false]);
  });

  it('is forgotten when it is full again, and there are never more than the bound', () => {
    const buckets = createTokenBuckets({ count: 1, periodMs: 1_000 }, start);
    for (let index = 0; index < maxBuckets + 10; index += 1) buckets.take(`u${index}`, start);
    assert.equal(buckets.size, maxBuckets);
    buckets.take('last', start + 1_000);
    assert.equal(buckets.size, 1);
  });
});
