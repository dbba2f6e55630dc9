// A client that gives up while its query is held leaves nothing behind: what it woke goes back to sleep before it is ready,
// and says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClients } from './clients/clients.ts';
import { countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { aCatalog, aRuntime, serverOf } from './harness/runtimes.ts';
import { startUp } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(
  aCatalog('tpch', 'all') +
    aRuntime('killed', { catalogs: 'all', hostname: '127.0.0.1' }) +
    aRuntime('interrupted', { catalogs: 'all', hostname: 'localhost' }) +
    aRuntime('cancelled', { catalogs: 'all' }),
);
for (const name of ['killed', 'interrupted', 'cancelled']) await up.until(name, 'Suspended', 20_000);

async function untilWoken(name: string): Promise<void> {
  await eventually(`the wake of ${name}`, 20_000, async () => (await up.runtime(name)).status?.lifecycle?.cause === 'Demand');
}

async function assertForgotten(name: string): Promise<void> {
  const { status } = await up.until(name, 'Suspended', 60_000);
  assert.equal(status?.lifecycle?.cause, 'DemandEnded');
  const why = await up.xtrinode('why', name);
  assert.match(why.out, /whoever asked for it stopped waiting/);
  const pods = await up.kubectl('get', 'pods', '-l', `app.kubernetes.io/instance=${name}`, '-o', 'name');
  assert.equal(pods.out, '');
}

// Together, because each of them waits most of the time.
test('whoever gives up while held', { concurrency: true }, async (t) => {
  await Promise.all([
    t.test('by kill -9 leaves nothing behind', async () => {
      const client = clients.start('javascript', serverOf(up.gatewayUrl, '127.0.0.1'), countLines);
      await untilWoken('killed');
      client.process.kill('SIGKILL');
      await assertForgotten('killed');
    }),
    t.test('by Ctrl-C in the CLI leaves nothing behind', async () => {
      const client = clients.start('cli', serverOf(up.gatewayUrl, 'localhost'), countLines);
      await untilWoken('interrupted');
      client.process.kill('SIGINT');
      const { code } = await client.ended;
      assert.notEqual(code, 0);
      await assertForgotten('interrupted');
    }),
    t.test('by cursor.cancel() in Python leaves nothing behind', async () => {
      const more = ['--header', 'X-Trino-XTrinode=default/cancelled', '--cancel-after', '5'];
      const client = clients.query('python', up.gatewayUrl, countLines, ...more);
      await untilWoken('cancelled');
      const { rows } = await client;
      assert.notDeepEqual(rows, [['60175']]);
      await assertForgotten('cancelled');
    }),
  ]);
  assert.deepEqual(javaProcesses(up.home), []);
});
