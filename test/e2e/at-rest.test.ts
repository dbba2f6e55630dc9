// A settled system is quiet: no write reaches the API for a minute, asleep as well as awake and idle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClients } from './clients/clients.ts';
import { assertCounted, countLines } from './harness/expectations.ts';
import { startUp, type Up } from './harness/up.ts';
import { readVersions } from './harness/versions.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();

/** Nothing changes any more: two looks some seconds apart are the same. */
async function settled(up: Up): Promise<Readonly<Record<string, string>>> {
  return eventually('rest', 60_000, async () => {
    const before = await readVersions(up);
    await delay(5_000);
    const after = await readVersions(up);
    return JSON.stringify(before) === JSON.stringify(after) ? after : undefined;
  });
}

async function assertQuietForAMinute(up: Up): Promise<void> {
  const before = await settled(up);
  await delay(60_000);
  assert.deepEqual(await readVersions(up), before);
}

// Two systems side by side, so that the minutes are the same one.
test('at rest nothing is written to the API for a minute', { concurrency: true }, async (t) => {
  const [asleep, awake] = [await startUp(), await startUp()];
  await Promise.all([
    t.test('with the quickstart asleep', async () => {
      await asleep.until('quickstart', 'Suspended', 20_000);
      await assertQuietForAMinute(asleep);
    }),
    t.test('with the quickstart awake and idle', async () => {
      assertCounted(await clients.query('go', awake.gatewayUrl, countLines));
      await assertQuietForAMinute(awake);
      assert.equal((await awake.runtime('quickstart')).status?.phase, 'Ready');
    }),
  ]);
});
