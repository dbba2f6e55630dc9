// What a client is told of why it waits.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RouteEntry, RouteState } from '#apis/v1/route-entry.ts';
import { waitReasonOf } from './wait-reason.ts';

const entry = (state: RouteState, more: Partial<RouteEntry> = {}): RouteEntry => ({
  schema: 1,
  namespace: 'team-a',
  name: 'sales',
  state,
  routingGroup: 'team-a--sales',
  hosts: [],
  headerValues: [],
  isDefault: false,
  trinoVersion: 483,
  patienceMs: 1,
  ...more,
});

it('says that the runtime is full and whose turn it is, and of several gateways what is this one’s part', () => {
  const full = entry('RUNNING', { maxRunning: 20 });
  const shortage = { running: 20, places: 20, position: 3 };
  assert.equal(waitReasonOf(full, shortage), 'runtime team-a/sales is full: 20 of 20 queries run; you are 3rd');
  assert.equal(
    waitReasonOf(full, { running: 10, places: 10, position: 11 }),
    'runtime team-a/sales is full: 10 of 10 queries run through this gateway, 20 through all; you are 11th',
  );
  const ends = [1, 2, 4, 10, 12, 13, 21, 102, 111, 1_003].map((position) =>
    waitReasonOf(full, { ...shortage, position })
      ?.split(' ')
      .at(-1),
  );
  assert.deepEqual(ends, ['1st', '2nd', '4th', '10th', '12th', '13th', '21st', '102nd', '111th', '1003rd']);
});

it('says that the runtime sleeps or wakes, and nothing of a moment that passes', () => {
  assert.equal(
    waitReasonOf(entry('PAUSED', { note: 'no query ran for 5m' }), undefined),
    'runtime team-a/sales sleeps (no query ran for 5m) and is asked to wake',
  );
  assert.equal(waitReasonOf(entry('RESUMING'), undefined), 'runtime team-a/sales is waking');
  assert.equal(waitReasonOf(entry('RUNNING'), undefined), undefined);
  assert.equal(waitReasonOf(undefined, undefined), undefined);
});
