// A query that is killed by the id that its client had first, and a coordinator that dies behind its route: through `up`, and
// through a gateway that runs from a file and has nobody to tell it of the death.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createClients } from './clients/clients.ts';
import { assertCounted, countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { aCatalog, aRuntime } from './harness/runtimes.ts';
import { startUp, startXtrinode } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

/** Runs for hours where nobody kills it. */
const endless = 'SELECT count(*) FROM tpch.sf1000.lineitem a, tpch.sf1000.lineitem b WHERE a.comment < b.comment';

const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(aCatalog('tpch', 'solo') + aRuntime('solo', { routing: '{ default: true }' }));
await up.until('solo', 'Suspended', 20_000);

test('Superset cancels a query by its first id while it is held, and nothing keeps the runtime awake [row 34] [row 85]', async () => {
  const { id, called, error, message } = await clients.cancelAsSuperset(up.gatewayUrl, endless, 'QUEUED');
  assert.match(id, /_0gw..$/);
  assert.deepEqual([called, error], [[], 'ADMINISTRATIVELY_KILLED']);
  assert.match(message ?? '', /Query killed\. Message: Superset/);
  await up.until('solo', 'demand ended', 30_000, ({ status }) => status?.lifecycle?.cause === 'DemandEnded');
});

test('Superset cancels a query by its first id after the hand-over [row 34] [row 85]', async () => {
  const { id, called, error, message } = await clients.cancelAsSuperset(up.gatewayUrl, endless, 'RUNNING');
  assert.match(id, /_0gw..$/);
  assert.deepEqual([called, error], [[], 'ADMINISTRATIVELY_KILLED']);
  assert.match(message ?? '', /Query killed\. Message: Superset/);
});

test('queries that come just when the coordinator has died wait for the next one and get their rows [row 88]', async () => {
  const { coordinator } = (await up.until('solo', 'Ready', 60_000)).status ?? {};
  const file = join(up.home, 'routes.yaml');
  writeFileSync(
    file,
    JSON.stringify([{ namespace: 'default', name: 'solo', state: 'RUNNING', isDefault: true, coordinatorUrl: coordinator?.url }]),
  );
  const gateway = startXtrinode(['gateway', '--routes', file, '--listen', '127.0.0.1:0']);
  after(() => gateway.process.kill('SIGTERM'));
  const url = await eventually('the ready line of the gateway', 30_000, () => /^gateway ready: (\S+)$/m.exec(gateway.out())?.[1]);
  assertCounted(await clients.query('go', url, countLines));
  const [java, ...others] = javaProcesses(up.home);
  assert.deepEqual([java === undefined, others], [false, []]);
  process.kill(java?.pid ?? 0, 'SIGKILL');
  const answers = await Promise.all(
    [up.gatewayUrl, url].flatMap((to) => [clients.query('python', to, countLines), clients.query('go', to, countLines)]),
  );
  for (const answer of answers) assertCounted(answer);
  assert.match(gateway.notes(), /that is not proven took a statement; it waits on/);
});
