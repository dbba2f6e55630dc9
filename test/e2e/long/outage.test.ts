// The API server of a real Kubernetes is away for so long that Leases, watches and the node's heartbeat have all run out, and comes
// back. What must hold meanwhile and afterwards; on a clock of its own, the same in short is in test/faults.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { requireRealKubernetes } from '../../../tools/real-cluster/require-real-kubernetes.ts';
import { createClients, user } from '../clients/clients.ts';
import { assertCounted, countLines } from '../harness/expectations.ts';
import { root } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';
import { install, type RoleCall, type RunningRole } from '../kubernetes/installation.ts';

/** Some fifty pages of an answer, more than a coordinator keeps ready: it runs until its reader is done. */
const manyRows = { sql: 'SELECT orderkey FROM tpch.sf1.lineitem', count: 6_001_215, pages: 40 } as const;

interface Page {
  readonly nextUri?: string;
  readonly data?: readonly unknown[];
  readonly error?: { readonly message: string };
}

/** Reads a large answer at a pace, as somebody does who looks at it: the query runs as long as it is read. */
async function readSlowly(gatewayUrl: string, pageEveryMs: () => number): Promise<number> {
  const headers = { 'X-Trino-User': user };
  let page = (await (await fetch(`${gatewayUrl}/v1/statement`, { method: 'POST', headers, body: manyRows.sql })).json()) as Page;
  let rows = 0;
  while (page.nextUri !== undefined) {
    page = (await (await fetch(page.nextUri, { headers })).json()) as Page;
    assert.equal(page.error, undefined);
    rows += page.data?.length ?? 0;
    if (page.data !== undefined) await delay(pageEveryMs());
  }
  return rows;
}

async function readiness({ url }: RunningRole): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

/** Of all lists without a name, by role and resource: how often the one listed most often was. */
function mostLists(calls: readonly RoleCall[]): readonly [string, number] {
  const counts = new Map<string, number>();
  for (const { role, verb, uri } of calls) {
    const what = `${role} ${uri.replace(/\?.*/, '')}`;
    if (verb === 'list') counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].reduce<readonly [string, number]>((most, one) => (one[1] > most[1] ? one : most), ['nothing', 0]);
}

const outageMs = 180_000;

test(`the Kubernetes API is away for ${outageMs / 1000} s`, async (t) => {
  await requireRealKubernetes((line) => process.stderr.write(`${line}\n`));
  const clients = await createClients();
  const cluster = await install(['default']);
  const free = ['--listen', '127.0.0.1:0'];
  const operators = [await cluster.start('operator'), await cluster.start('operator')];
  const apiServer = await cluster.start('api-server', ...free);
  const gateway = await cluster.start('gateway', ...free, '--api-server', apiServer.url);
  const node = await cluster.start('node', '--name', 'node-a', '--state-dir', join(cluster.home, 'node-a'));
  const all = [...operators, apiServer, gateway, node];
  const quickstart = readFileSync(join(root, 'examples', 'quickstart.yaml'), 'utf8').replace(
    'autoSuspendAfter: 5m',
    'autoSuspendAfter: 1h',
  );
  await cluster.apply(quickstart);
  assertCounted(await clients.query('cli', gateway.url, countLines));

  const outage = { isOver: false };
  const reading = readSlowly(gateway.url, () => (outage.isOver ? 0 : outageMs / manyRows.pages));
  // Told by who awaits it below.
  reading.catch(() => undefined);
  const restart = await cluster.interruptApiServer();
  const over = delay(outageMs).then(() => (outage.isOver = true));

  await t.test('queries are answered all the time, by the stock CLI and for one that has long been reading', async () => {
    // Both of them, however slow this machine is: the API server stays away as long.
    for (let answered = 0; !outage.isOver || answered < 2; answered += 1) {
      assertCounted(await clients.query(answered % 2 === 0 ? 'cli' : 'go', gateway.url, countLines));
    }
    assert.equal(await reading, manyRows.count);
  });

  await t.test('no role has ended, and readiness says who cannot work and why', async () => {
    assert.deepEqual(
      all.map((role) => role.isRunning()),
      all.map(() => true),
    );
    for (const operator of operators) {
      const { status, text } = await readiness(operator);
      assert.equal(status, 503, text);
      assert.match(text, /^\[-]leader: .*(nothing listens there|Lease)/);
    }
    assert.equal((await readiness(apiServer)).status, 503);
  });

  await over;
  const before = cluster.calls().length;
  await restart();

  await t.test('when it is back, one operator leads and what is asked for is done', async () => {
    await eventually('the operators are ready', 60_000, async () => {
      const told = await Promise.all(operators.map(readiness));
      return told.every(({ status }) => status === 200) && told.filter(({ text }) => text.includes('this operator leads')).length === 1;
    });
    assert.equal((await readiness(apiServer)).status, 200);
    await cluster.until('default', 'quickstart', 'Ready');
    await cluster.apply(quickstart.replace('name: quickstart', 'name: other').replace('default: true', 'header: other'));
    await cluster.until('default', 'other', 'Suspended');
    const suspended = await cluster.xtrinode('suspend', 'quickstart');
    assert.equal(suspended.code, 0, suspended.notes);
    await cluster.until('default', 'quickstart', 'Suspended');
    assertCounted(await clients.query('cli', gateway.url, countLines));
  });

  await t.test('nobody stormed it: every cache was listed a time or two', () => {
    const calls = cluster.calls().slice(before);
    const [what, lists] = mostLists(calls);
    t.diagnostic(`${calls.length} calls of all roles since it is back; ${what} was listed ${lists} times`);
    assert.ok(lists <= 3, `${what} was listed ${lists} times`);
  });
});
