// That thousands who came together do not go on together.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pollHoldMs } from './poll-pace.ts';

const idOf = (number: number): string => `20261121_120000_${String(number).padStart(5, '0')}_0gwab`;

/** When the polls of 5,000 who came within a second are answered, in ms from then on. */
function answersOf(polls: number): number[] {
  return Array.from({ length: 5_000 }, (_, index) => {
    let at = index / 5;
    return Array.from({ length: polls }, (_, token) => (at += pollHoldMs(token, undefined, idOf(37_000 + index), 5_000)));
  }).flat();
}

it('those who came together ask evenly from their fourth poll on, for as long as they wait', () => {
  const bySecond = new Map<number, number>();
  for (const at of answersOf(20)) bySecond.set(Math.floor(at / 1_000), (bySecond.get(Math.floor(at / 1_000)) ?? 0) + 1);
  for (let second = 6; second < 300; second += 1) {
    const count = bySecond.get(second) ?? 0;
    assert.ok(count <= 500, `${count} of 5,000 in second ${second}`);
  }
});

it('a few are kept for up to three seconds, thousands for longer, and nobody for 20 s [row 59]', () => {
  for (const waiting of [1, 600, 5_000, 100_000]) {
    const holds = Array.from({ length: 1_000 }, (_, index) => pollHoldMs(3 + index, undefined, idOf(index), waiting));
    assert.ok(Math.min(...holds) >= 2_000 && Math.max(...holds) <= Math.min(19_500, Math.max(3_000, waiting * 5)), `${waiting} wait`);
  }
});
