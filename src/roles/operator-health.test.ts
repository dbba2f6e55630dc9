import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOperator, type Leadership } from './operator-health.ts';
import type { CacheTrouble } from '#kube/cache/reflector.ts';
import type { Operator } from './operator.ts';

const nowMs = 1_000_000;

/** One that has had a key in work for so long. */
function leading(forMs: number, hasSynced = true, troubles: readonly CacheTrouble[] = []): Leadership {
  const queues = {
    xtrinode: {
      length: 0,
      running: () => [
        { key: 'team/slow', forMs },
        { key: 'team/quick', forMs: 5 },
      ],
    },
    xtrinodecatalog: { length: 0, running: () => [] },
  };
  return { is: 'leading', operator: { queues, troubles: () => troubles } as unknown as Operator, hasSynced };
}

function judge(leadership: Leadership) {
  const checks = judgeOperator(leadership, { nowMs, stuckAfterMs: 120_000 });
  const bad = checks.filter(({ isGood }) => !isGood);
  return { isReady: bad.length === 0, messages: bad.map(({ message }) => message) };
}

test('a leader whose caches are filled and whose work goes on is ready, and so is one that stands by', () => {
  assert.equal(judge(leading(119_000)).isReady, true);
  assert.equal(judge({ is: 'standby' }).isReady, true);
});

test('a key in work for too long makes the operator not ready, and is named', () => {
  assert.deepEqual(judge(leading(185_400)).messages, ['stuck: 1 in work for too long, team/slow for 3m5s']);
});

test('caches that are not filled, a cluster that is not there and a Lease that cannot be had are said as they are', () => {
  assert.equal(judge(leading(0, false)).isReady, false);
  assert.deepEqual(judge({ is: 'waiting', for: 'nothing listens there' }).messages, ['nothing listens there']);
  assert.deepEqual(judge({ is: 'cut-off', why: 'the Lease could not be renewed' }).messages, ['the Lease could not be renewed']);
});

test('a cache that cannot be filled is named with its reason at once, one that lost its server when it has lagged for long', () => {
  const trouble = (agoMs: number) => [{ resource: 'services', since: nowMs - agoMs, why: 'services is forbidden' }];
  assert.deepEqual(judge(leading(0, false, trouble(1_000))).messages, ['that of services cannot be filled: services is forbidden']);
  assert.equal(judge(leading(0, true, trouble(29_000))).isReady, true);
  const lost = [...trouble(31_000), { resource: 'pods', since: nowMs - 65_000, why: 'nothing listens there' }];
  assert.deepEqual(judge(leading(0, true, lost)).messages, [
    'that of pods has not followed the API server for 1m5s: nothing listens there; 1 more',
  ]);
});
