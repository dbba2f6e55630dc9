import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRestart } from './restart.ts';

test('a container that keeps failing starts again at once, then after 10 s, 20 s, 40 s and at most every 5 minutes', () => {
  const delays: number[] = [];
  let quickRestarts = 0;
  for (let run = 0; run < 8; run++) {
    const plan = planRestart({ policy: 'Always', exitCode: 1, ranMs: 100, quickRestarts });
    assert.equal(plan.next, 'restart');
    delays.push(plan.delayMs / 1000);
    quickRestarts = plan.quickRestarts;
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
});

test('a run of ten minutes clears the record', () => {
  assert.deepEqual(planRestart({ policy: 'Always', exitCode: 1, ranMs: 600_000, quickRestarts: 6 }), {
    next: 'restart',
    delayMs: 0,
    quickRestarts: 1,
  });
});

test('the restart policy decides whether it starts again at all', () => {
  const ended = { ranMs: 1, quickRestarts: 0 };
  assert.deepEqual(planRestart({ ...ended, policy: 'Never', exitCode: 0 }), { next: 'stay', phase: 'Succeeded' });
  assert.deepEqual(planRestart({ ...ended, policy: 'Never', exitCode: 3 }), { next: 'stay', phase: 'Failed' });
  assert.deepEqual(planRestart({ ...ended, policy: 'OnFailure', exitCode: 0 }), { next: 'stay', phase: 'Succeeded' });
  assert.equal(planRestart({ ...ended, policy: 'OnFailure', exitCode: 3 }).next, 'restart');
  assert.equal(planRestart({ ...ended, policy: 'Always', exitCode: 0 }).next, 'restart');
});
