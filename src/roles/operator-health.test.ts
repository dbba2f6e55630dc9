import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOperator, type Leadership } from './operator-health.ts';
import type { Operator } from './operator.ts';

/** One that has had a key in work for so long. */
function leading(forMs: number, hasSynced = true): Leadership {
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
  return { is: 'leading', operator: { queues } as unknown as Operator, hasSynced };
}

function judge(leadership: Leadership) {
  const checks = judgeOperator(leadership, 120_000);
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
