import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { annotations } from '#apis/v1/resources.ts';
import type { Lifecycle } from '#apis/v1/objects.ts';
import { aDemand, aLifecycle, aRuntime, aSnapshot, anActivity, at, isoAt } from '../../../../test/builders/runtime.ts';
import { decideLifecycle } from './lifecycle.ts';

const asleep = aLifecycle({ desired: 'Asleep', cause: 'Spec', seenSuspended: true });

function withLifecycle(lifecycle: Lifecycle, spec: Parameters<typeof aRuntime>[0] = {}, notes: Record<string, string> = {}) {
  return aRuntime(spec, { annotations: notes }, { lifecycle });
}

test('a new runtime follows its spec', () => {
  assert.equal(decideLifecycle(aSnapshot(aRuntime({ suspended: true }), 0)).lifecycle.desired, 'Asleep');
  assert.equal(decideLifecycle(aSnapshot(aRuntime({ suspended: false }), 0)).lifecycle.desired, 'Awake');
});

test('a query wakes a runtime whose spec says suspended, and the reason says that it goes back', () => {
  const { lifecycle } = decideLifecycle(aSnapshot(withLifecycle(asleep, { suspended: true }), 10, { demand: aDemand(10) }));
  assert.equal(lifecycle.desired, 'Awake');
  assert.equal(lifecycle.cause, 'Demand');
  assert.match(lifecycle.message, /goes back to sleep 5m after the last query/);
  assert.equal(lifecycle.previous?.cause, 'Spec');
});

test('a wake that nobody waits for any more goes back to sleep before it is ready', () => {
  const woken = aLifecycle({ cause: 'Demand', seenSuspended: true, seenDemand: isoAt(10) });
  const waiting = aSnapshot(withLifecycle(woken, { suspended: true }), 20, { demand: aDemand(10, 18) });
  assert.equal(decideLifecycle(waiting).lifecycle.desired, 'Awake');
  const gone = aSnapshot(withLifecycle(woken, { suspended: true }), 20, { demand: aDemand(10, 18, '') });
  assert.equal(decideLifecycle(gone).lifecycle.cause, 'DemandEnded');
  const silent = aSnapshot(withLifecycle(woken, { suspended: true }), 60, { demand: aDemand(10, 18) });
  assert.equal(decideLifecycle(silent).lifecycle.cause, 'DemandEnded', 'not renewed for longer than the Lease lasts');
});

test('when it could not start, that stays the reason after everybody has stopped waiting', () => {
  const woken = aLifecycle({ cause: 'Demand', seenSuspended: true, seenDemand: isoAt(10) });
  const condition = {
    type: 'RuntimeReady',
    status: 'False',
    reason: 'CoordinatorCrashes',
    message: 'the coordinator has failed to start 2 times',
    lastTransitionTime: isoAt(20),
  } as const;
  const runtime = aRuntime({ suspended: true }, {}, { lifecycle: woken, conditions: [condition] });
  const { lifecycle } = decideLifecycle(aSnapshot(runtime, 60, { demand: aDemand(10, 30, '') }));
  assert.deepEqual([lifecycle.desired, lifecycle.cause], ['Asleep', 'StartFailed']);
  assert.match(lifecycle.message, /the coordinator has failed to start 2 times; the next query tries again/);
});

test('a demand that was not renewed in time wakes it again as soon as it is', () => {
  const ended = aLifecycle({ desired: 'Asleep', cause: 'DemandEnded', seenSuspended: true, seenDemand: isoAt(10) });
  const { lifecycle } = decideLifecycle(aSnapshot(withLifecycle(ended, { suspended: true }), 70, { demand: aDemand(10, 70) }));
  assert.equal(lifecycle.desired, 'Awake');
});

test('somebody who already waited does not undo a suspend, a new query does', () => {
  const suspended = aLifecycle({ desired: 'Asleep', cause: 'Suspend', seenDemand: isoAt(10) });
  assert.equal(decideLifecycle(aSnapshot(withLifecycle(suspended), 20, { demand: aDemand(10, 19) })).lifecycle.desired, 'Asleep');
  assert.equal(decideLifecycle(aSnapshot(withLifecycle(suspended), 20, { demand: aDemand(15, 19) })).lifecycle.desired, 'Awake');
});

test('a demand that its gateway did not end is undone by a suspend, unless its query came after it', () => {
  const woken = aLifecycle({ cause: 'Demand', seenDemand: isoAt(10), readyAt: isoAt(20) });
  const suspend = { [annotations.suspendRequested]: 'true', [annotations.suspendRequestedAt]: isoAt(30) };
  const after = (arrived: number) => {
    const demand = aDemand(arrived, 32);
    const { lifecycle } = decideLifecycle(aSnapshot(withLifecycle(woken, {}, suspend), 33, { demand }));
    assert.equal(lifecycle.cause, 'Suspend');
    return decideLifecycle(aSnapshot(withLifecycle(lifecycle), 34, { demand })).lifecycle.desired;
  };
  assert.equal(after(12), 'Asleep');
  assert.equal(after(31), 'Awake');
});

test('of resume and suspend seen in one pass the newer wins, and a tie suspends', () => {
  const both = (resumeAt: string, suspendAt: string) => ({
    [annotations.resumeRequested]: 'true',
    [annotations.resumeRequestedAt]: resumeAt,
    [annotations.suspendRequested]: 'true',
    [annotations.suspendRequestedAt]: suspendAt,
  });
  const decide = (notes: Record<string, string>) => decideLifecycle(aSnapshot(withLifecycle(aLifecycle(), {}, notes), 100));
  assert.equal(decide(both(isoAt(20), isoAt(10))).lifecycle.cause, 'Resume');
  assert.equal(decide(both(isoAt(10), isoAt(20))).lifecycle.cause, 'Suspend');
  assert.equal(decide(both(isoAt(10), isoAt(10))).lifecycle.cause, 'Suspend');
  assert.equal(decide(both(isoAt(90_000), isoAt(100))).lifecycle.cause, 'Suspend', 'a time in the future counts as now');
  assert.equal(decide(both('nonsense', isoAt(10))).lifecycle.cause, 'Suspend');
});

test('a command that is on record and still stands there is removed, not taken again; a later one is', () => {
  const woken = aLifecycle({ cause: 'Resume', decidedAt: isoAt(50), sequence: 4 });
  const decide = (stamp: string) =>
    decideLifecycle(
      aSnapshot(withLifecycle(woken, {}, { [annotations.resumeRequested]: 'true', [annotations.resumeRequestedAt]: stamp }), 100),
    );
  assert.equal(decide(isoAt(50)).lifecycle.sequence, 4);
  assert.equal(decide(isoAt(50)).actions[0]?.do, 'remove-annotations');
  assert.equal(decide(isoAt(60)).lifecycle.sequence, 5);
});

test('commands are removed once taken, winners and losers', () => {
  const notes = { [annotations.resumeRequested]: 'true', [annotations.suspendRequestedAt]: isoAt(5) };
  const { actions } = decideLifecycle(aSnapshot(withLifecycle(aLifecycle(), {}, notes), 100));
  assert.deepEqual(
    actions.find((action) => action.do === 'remove-annotations'),
    { do: 'remove-annotations', names: [annotations.resumeRequested, annotations.suspendRequestedAt] },
  );
});

test('the idle clock starts at the first readiness and at every end of a query', () => {
  const ready = aLifecycle({ readyAt: isoAt(100) });
  const idle = (seconds: number, lastEndedAt: number | undefined) =>
    decideLifecycle(aSnapshot(withLifecycle(ready), seconds, { activity: anActivity({ lastEndedAt }) }));
  assert.equal(idle(399, undefined).lifecycle.desired, 'Awake');
  assert.equal(idle(399, undefined).againInMs, 1_000);
  assert.equal(idle(400, undefined).lifecycle.cause, 'Idle');
  assert.equal(idle(400, at(300)).lifecycle.desired, 'Awake');
  assert.equal(idle(600, at(300)).lifecycle.cause, 'Idle');
});

test('a runtime that is starting is never put to sleep for idleness', () => {
  assert.equal(decideLifecycle(aSnapshot(withLifecycle(aLifecycle()), 10_000)).lifecycle.desired, 'Awake');
});

test('running queries, a waiting client and a silent coordinator each keep it awake', () => {
  const ready = withLifecycle(aLifecycle({ readyAt: isoAt(0) }));
  const quiet = anActivity();
  assert.equal(decideLifecycle(aSnapshot(ready, 1_000, { activity: anActivity({ activeQueries: 1 }) })).lifecycle.desired, 'Awake');
  assert.equal(decideLifecycle(aSnapshot(ready, 1_000, { activity: quiet, demand: aDemand(999) })).lifecycle.desired, 'Awake');
  assert.equal(decideLifecycle(aSnapshot(ready, 1_000, { activity: 'unreachable' })).lifecycle.desired, 'Awake');
  assert.equal(decideLifecycle(aSnapshot(ready, 1_000, { activity: quiet })).lifecycle.desired, 'Asleep');
});

test('an open transaction keeps it awake between its statements, and is looked at again within half a minute', () => {
  const ready = withLifecycle(aLifecycle({ readyAt: isoAt(0) }));
  const open = decideLifecycle(aSnapshot(ready, 1_000, { activity: anActivity({ openTransactions: 1 }) }));
  assert.equal(open.lifecycle.desired, 'Awake');
  assert.ok((open.againInMs ?? Infinity) <= 30_000);
});

test('an idle time that ended while there is no coordinator to be asked is looked at again in a while, not at once', () => {
  const restarting = withLifecycle(aLifecycle({ readyAt: isoAt(0) }));
  const { lifecycle, againInMs } = decideLifecycle(aSnapshot(restarting, 10_000, { activity: undefined }));
  assert.deepEqual([lifecycle.desired, againInMs], ['Awake', 30_000]);
});

test('segments that only the coordinator can serve keep it awake until they are dropped [row 41]', () => {
  const ready = aLifecycle({ cause: 'Demand', readyAt: isoAt(0) });
  const desiredAt = (second: number, retrievalMode: 'STORAGE' | 'COORDINATOR_PROXY', autoSuspendAfter = '5m'): string => {
    const spooling = { location: 's3://spool', retrievalMode, segmentTtl: '30m' };
    const activity = anActivity({ lastEndedAt: Date.parse(isoAt(60)) });
    return decideLifecycle(aSnapshot(withLifecycle(ready, { autoSuspendAfter, spooling }), second, { activity })).lifecycle.desired;
  };
  const minutes = 60;
  assert.equal(desiredAt(30 * minutes, 'COORDINATOR_PROXY'), 'Awake');
  assert.equal(desiredAt(31 * minutes, 'COORDINATOR_PROXY'), 'Asleep');
  assert.equal(desiredAt(31 * minutes, 'COORDINATOR_PROXY', '1h'), 'Awake');
  assert.equal(desiredAt(6 * minutes, 'STORAGE'), 'Asleep');
});

test('never keeps it awake, unless its spec says suspended', () => {
  const ready = aLifecycle({ cause: 'Demand', readyAt: isoAt(0) });
  const activity = anActivity();
  assert.equal(
    decideLifecycle(aSnapshot(withLifecycle(ready, { autoSuspendAfter: 'never' }), 100_000, { activity })).lifecycle.desired,
    'Awake',
  );
  const suspended = { ...ready, seenSuspended: true };
  const spec = { autoSuspendAfter: 'never', suspended: true } as const;
  assert.equal(decideLifecycle(aSnapshot(withLifecycle(suspended, spec), 100_000, { activity })).lifecycle.cause, 'Idle');
});

test('a query that came while it was going to sleep for idleness keeps it awake', () => {
  const going = aLifecycle({ desired: 'Asleep', cause: 'Idle' });
  const activity = anActivity({ activeQueries: 1 });
  assert.equal(decideLifecycle(aSnapshot(withLifecycle(going), 10, { activity })).lifecycle.desired, 'Awake');
});

test('editing spec.suspended decides at once, and the same spec again decides nothing', () => {
  const woken = aLifecycle({ cause: 'Demand', seenSuspended: false, readyAt: isoAt(0) });
  const edited = decideLifecycle(aSnapshot(withLifecycle(woken, { suspended: true }), 10)).lifecycle;
  assert.deepEqual([edited.desired, edited.cause, edited.sequence], ['Asleep', 'Spec', 2]);
  const again = decideLifecycle(aSnapshot(withLifecycle(edited, { suspended: true }), 20)).lifecycle;
  assert.deepEqual(again, edited);
});

test('a settled lifecycle stays equal to itself whatever the time is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 290 }), fc.boolean(), (seconds, suspended) => {
      const first = decideLifecycle(aSnapshot(aRuntime({ suspended }), 0)).lifecycle;
      assert.deepEqual(decideLifecycle(aSnapshot(withLifecycle(first, { suspended }), seconds)).lifecycle, first);
    }),
  );
});
