// A runtime that cannot start tells so to whoever waits, in the client's own words, within the patience; the same reason is
// in kubectl describe, and repairing it is all that is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClients } from './clients/clients.ts';
import { assertCounted, countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { aCatalog, aRuntime, serverOf } from './harness/runtimes.ts';
import { startUp } from './harness/up.ts';

const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
const patienceMs = 120_000;

/** Asks with the CLI and expects the reason there and in kubectl describe. */
async function assertTold(name: string, hostname: string, reason: RegExp): Promise<void> {
  const answer = await clients.query('cli', serverOf(up.gatewayUrl, hostname), countLines);
  assert.equal(answer.code, 1, answer.out);
  assert.match(answer.notes, reason);
  assert.match(answer.notes, /^Query \d{8}_\d{6}_\w+ failed: /m, 'as Trino fails a query');
  assert.ok(answer.tookMs < patienceMs, `told after ${answer.tookMs} ms`);
  const described = await up.kubectl('describe', 'tn', name);
  assert.match(described.out, reason);
}

test('a catalog property that Trino does not know is named to the waiting client, and its repair heals the runtime', async () => {
  await up.apply(aCatalog('tpch', 'broken', { 'tpch.nonsense': 'x' }) + aRuntime('broken', { routing: '{ hostname: localhost }' }));
  await assertTold('broken', 'localhost', /Configuration property 'tpch\.nonsense' was not used/);
  await up.apply(aCatalog('tpch', 'broken'));
  assertCounted(await clients.query('cli', serverOf(up.gatewayUrl, 'localhost'), countLines));
  assert.equal((await up.xtrinode('suspend', 'broken', '--wait')).code, 0);
});

test('a JVM that is killed whenever it starts is named to the waiting client', async () => {
  await up.apply(aRuntime('doomed', { routing: '{ hostname: 127.0.0.1 }' }));
  // As the kernel does on a machine that is out of memory.
  const killer = setInterval(() => {
    for (const { pid } of javaProcesses(up.home)) process.kill(pid, 'SIGKILL');
  }, 500);
  try {
    await assertTold('doomed', '127.0.0.1', /coordinator has failed to start \d+ times.*(signal 9|137)/);
  } finally {
    clearInterval(killer);
  }
});
