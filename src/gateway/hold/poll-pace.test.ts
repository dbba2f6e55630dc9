// That thousands who came together do not go on together.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pollHoldMs } from './poll-pace.ts';

const idOf = (number: number): string => `20261121_120000_${String(number).padStart(5, '0')}_0gwab`;

it('spreads the polls of those who came one after the other evenly over a fifth of their time', () => {
  for (const first of [0, 42_000, 99_000]) {
    const holds = Array.from({ length: 1_000 }, (_, index) => pollHoldMs(9, undefined, idOf(first + index), 10_000));
    const shares = Array.from({ length: 50 }, (_, part) => holds.filter((ms) => Math.floor((25_000 - ms) / 100) === part).length);
    assert.ok(Math.min(...shares) >= 15 && Math.max(...shares) <= 25, `of 1,000, so many in each 100 ms: ${shares.join(' ')}`);
  }
});
