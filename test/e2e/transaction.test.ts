// A session at the CLI's prompt: what an analyst sees while the runtime wakes, and a transaction that is left open for longer than
// the runtime stays awake without one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClients } from './clients/clients.ts';
import { aCatalog, aRuntime } from './harness/runtimes.ts';
import { startUp } from './harness/up.ts';

const idleSeconds = 5;
const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(aCatalog('tpch', 'session') + aRuntime('session', { autoSuspendAfter: `${idleSeconds}s`, routing: '{ default: true }' }));
await up.until('session', 'Suspended', 20_000);
const prompt = clients.openPrompt(up.gatewayUrl);

test('the first statement is drawn as QUEUED under the id that it waits with, then under that of its query [row 84]', async () => {
  const drawn = await prompt.ask('START TRANSACTION');
  const seen = [...drawn.matchAll(/Query (\d{8}_\d{6}_\d{5}_(\w{5})) \[QUEUED\]/g)].map(([, id, suffix]) => ({ id, suffix }));
  const waiting = seen.filter(({ suffix = '' }) => suffix.startsWith('0gw'));
  assert.equal(new Set(waiting.map(({ id }) => id)).size, 1, drawn);
  assert.ok(waiting.length > 1, `told again and again while it wakes: ${drawn}`);
  assert.ok(!drawn.includes('rror'), drawn);
  // What is left of the id that it waited with is nothing.
  assert.deepEqual(seen.slice(0, waiting.length), waiting);
});

test('its open transaction keeps the runtime awake, and the end of the transaction lets it sleep [row 78]', async () => {
  const { status } = await up.runtime('session');
  await delay(3 * idleSeconds * 1_000);
  const drawn = await prompt.ask('SELECT count(*) FROM tpch.tiny.lineitem');
  assert.match(drawn, /60175/);
  assert.equal((await up.runtime('session')).status?.coordinator?.instance, status?.coordinator?.instance);
  assert.match(await prompt.ask('COMMIT'), /COMMIT/);
  await prompt.close();
  const { status: after } = await up.until('session', 'Suspended', 60_000);
  assert.equal(after?.lifecycle?.cause, 'Idle');
});
