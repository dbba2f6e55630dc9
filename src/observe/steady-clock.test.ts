import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSteadyClock } from './steady-clock.ts';

test('a steady clock goes on evenly when the time of the machine is set, and says both', () => {
  let [wall, counter] = [1_000_000, 50.4];
  const clock = createSteadyClock({ now: () => wall, after: () => () => undefined }, () => counter);
  assert.deepEqual([clock.now(), clock.wall()], [1_000_000, 1_000_000]);
  for (const set of [10_800_000, -10_800_000]) {
    wall = 1_000_000 + set;
    counter += 1_000;
  }
  assert.deepEqual([clock.now(), clock.wall()], [1_002_000, -9_800_000]);
});
