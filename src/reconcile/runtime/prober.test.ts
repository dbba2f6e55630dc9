import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#observe/log.ts';
import { createManualClock } from '../../../test/fakes/manual-clock.ts';
import { createProber } from './prober.ts';

/** A coordinator of that version, watched; `answer` is what becomes of each statement. */
function watched(trinoVersion: number, answer: () => Promise<string>) {
  const clock = createManualClock();
  const askedAt: number[] = [];
  const startedAt = clock.now();
  const prober = createProber({
    clock,
    log: silentLog,
    onProof: () => undefined,
    coordinators: {
      runStatement() {
        askedAt.push(clock.now() - startedAt);
        return answer();
      },
      readActivity: () => Promise.reject(new Error('nobody asks')),
    },
  });
  prober.watch('team/a', { instance: 'uid/0', url: 'http://127.0.0.1:8080', trinoVersion });
  return { clock, askedAt, proof: () => prober.proofOf('team/a') };
}

const works = (): Promise<string> => Promise.resolve('20261121_125428_00000_abcde');

test('the first query that runs proves a coordinator, and its id tells the coordinator’s', async () => {
  const { clock, askedAt, proof } = watched(483, works);
  await clock.advance(0);
  assert.deepEqual([proof()?.instance, proof()?.coordinatorId], ['uid/0', 'abcde']);
  assert.deepEqual(askedAt, [0]);
});

test('through 476 a second query proves it, after the coordinator has listed its own catalogs', async () => {
  const { clock, askedAt, proof } = watched(476, works);
  await clock.advance(5_999);
  assert.equal(proof(), undefined);
  await clock.advance(1);
  assert.equal(proof()?.coordinatorId, 'abcde');
  assert.deepEqual(askedAt, [0, 6_000]);
});

test('a coordinator that refuses connections is asked every 100 ms, one that answers every 50 ms', async () => {
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  let error: Error = refused;
  const { clock, askedAt } = watched(483, () => Promise.reject(error));
  await clock.advance(250);
  assert.deepEqual(askedAt, [0, 100, 200]);
  error = new Error('HTTP 503');
  await clock.advance(200);
  assert.deepEqual(askedAt.slice(3), [300, 350, 400, 450]);
});
