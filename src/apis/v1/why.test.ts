import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XTrinode, XTrinodeSpec, XTrinodeStatus } from './objects.ts';
import { explainRuntime } from './why.ts';

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const before = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

function aRuntime(spec: Partial<XTrinodeSpec>, status: XTrinodeStatus | undefined, metadata: object = {}): XTrinode {
  return {
    apiVersion: 'analytics.xtrinode.io/v1',
    kind: 'XTrinode',
    metadata: { name: 'sales', namespace: 'team', ...metadata },
    spec: { size: 's', version: '483', minWorkers: 0, suspended: false, autoSuspendAfter: '5m', wakePatience: '10m', ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

function lifecycle(
  desired: 'Awake' | 'Asleep',
  cause: 'Spec' | 'Demand' | 'Idle',
  message: string,
  seenSuspended = false,
): NonNullable<XTrinodeStatus['lifecycle']> {
  return { desired, cause, message, decidedAt: before(90), sequence: 2, seenSuspended };
}

test('a runtime that rests for idleness says how to wake it, though its spec says awake', () => {
  assert.deepEqual(
    explainRuntime(
      aRuntime({}, { phase: 'Suspended', lifecycle: lifecycle('Asleep', 'Idle', 'no query ran for 5m; the next query wakes it') }),
      nowMs,
    ),
    [
      'team/sales sleeps, because no query ran for 5m; the next query wakes it (decided 90 s ago).',
      'Its spec says suspended: false, so it only rests. Wake it at once: xtrinode resume sales -n team',
    ],
  );
});

test('a runtime that a query woke against its spec says when it goes back', () => {
  const lines = explainRuntime(
    aRuntime(
      { suspended: true },
      { phase: 'Ready', lastActivity: before(30), lifecycle: lifecycle('Awake', 'Demand', 'a query asked for it', true) },
    ),
    nowMs,
  );
  assert.equal(lines[1], 'To put it to sleep at once: xtrinode suspend sales -n team');
  assert.equal(lines[2], 'It goes to sleep after 5m without a query or an open transaction. The last query activity seen was 30 s ago.');
});

test('a waking runtime names the first thing it waits for, and a bad catalog apart from that', () => {
  const condition = (type: string, status: 'True' | 'False', message: string) => ({
    type,
    status,
    reason: 'X',
    message,
    lastTransitionTime: before(12),
  });
  const conditions = [
    condition('CatalogsReady', 'False', 'lake: unknown property'),
    condition('TrinoResourcesReady', 'True', 'applied'),
    condition('RuntimeReady', 'False', 'the coordinator is starting'),
    condition('RouteReady', 'False', 'no route yet'),
  ];
  const lines = explainRuntime(
    aRuntime({}, { phase: 'Resuming', conditions, lifecycle: lifecycle('Awake', 'Demand', 'a query asked for it') }),
    nowMs,
  );
  assert.deepEqual(lines.slice(1), [
    'It waits for: the coordinator is starting (RuntimeReady, for 12 s).',
    'A catalog is left out: lake: unknown property.',
  ]);
});

test('the decision before is told too', () => {
  const previous = { desired: 'Asleep', cause: 'Idle', message: 'no query ran for 5m', decidedAt: before(3_600) } as const;
  const lines = explainRuntime(
    aRuntime(
      { autoSuspendAfter: 'never' },
      { phase: 'Ready', lifecycle: { ...lifecycle('Awake', 'Demand', 'a query asked for it'), previous } },
    ),
    nowMs,
  );
  assert.deepEqual(lines.slice(1), [
    'Before that it was told to sleep, because no query ran for 5m (60 min ago).',
    'It never sleeps by itself (autoSuspendAfter: never).',
  ]);
});

test('without an operator, or while being deleted, that is what it says', () => {
  assert.match(explainRuntime(aRuntime({}, undefined), nowMs)[0] ?? '', /no operator has written a status/);
  assert.match(explainRuntime(aRuntime({}, undefined, { deletionTimestamp: before(5) }), nowMs)[0] ?? '', /is being deleted since 5 s ago/);
});

test('a spec edit that nobody has acted on yet is named', () => {
  const lines = explainRuntime(
    aRuntime({ suspended: true }, { phase: 'Ready', lifecycle: lifecycle('Awake', 'Spec', 'its spec says suspended: false') }),
    nowMs,
  );
  assert.ok(lines.includes('Its spec changed since; the operator has not acted on that yet.'));
});
