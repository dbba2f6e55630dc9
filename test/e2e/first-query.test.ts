// The promise of the project with real Trino 483 and the stock clients: a sleeping runtime wakes on its first query, and
// whoever asks gets rows without an error and without trying again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodList } from './harness/pods.ts';
import { clientNames, createClients, user } from './clients/clients.ts';
import { assertCounted, askMixed, countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { countStarts } from './harness/starts.ts';
import { startUp } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();
const up = await startUp();
const { gatewayUrl } = up;
/** Coordinator and worker of the quickstart. */
const oneWake = { decisions: 1, processes: 2 };

async function sleep(): Promise<void> {
  const { code, notes } = await up.xtrinode('suspend', 'quickstart', '--wait', '--timeout', '60s');
  assert.equal(code, 0, notes);
  assert.deepEqual(javaProcesses(up.home), []);
}

for (const client of clientNames) {
  test(`the first query of ${client} wakes a sleeping runtime and gets its rows`, async () => {
    await sleep();
    const { result, starts } = await countStarts(up, 'quickstart', () => clients.query(client, gatewayUrl, countLines));
    assertCounted(result);
    assert.deepEqual(starts, oneWake);
  });
}

test('twenty mixed clients at once make one wake, and all get their rows', async () => {
  await sleep();
  const { result, starts } = await countStarts(up, 'quickstart', () => askMixed(clients, gatewayUrl, 20));
  result.forEach(assertCounted);
  assert.deepEqual(starts, oneWake);
});

test('twenty mixed clients in the first second after the coordinator says that it started get their rows', async () => {
  await sleep();
  const { result, starts } = await countStarts(up, 'quickstart', async () => {
    assert.equal((await up.xtrinode('resume', 'quickstart')).code, 0);
    await eventually('starting: false', 60_000, saysStarted, 50);
    return askMixed(clients, gatewayUrl, 20);
  });
  result.forEach(assertCounted);
  assert.deepEqual(starts, oneWake);
});

/** What the coordinator itself answers, past the gateway. */
async function saysStarted(): Promise<boolean> {
  const address = await coordinatorAddress();
  if (address === undefined) return false;
  const response = await fetch(`http://${address}:8080/v1/info`).catch(() => undefined);
  return response?.ok === true && ((await response.json()) as { starting?: boolean }).starting === false;
}

let knownAddress: string | undefined;
async function coordinatorAddress(): Promise<string | undefined> {
  if (knownAddress !== undefined) return knownAddress;
  const { out } = await up.kubectl('get', 'pods', '-l', 'app.kubernetes.io/component=coordinator', '-o', 'json');
  knownAddress = (JSON.parse(out) as PodList).items.find(({ metadata }) => metadata.deletionTimestamp === undefined)?.status?.podIP;
  return knownAddress;
}

test('the Trino UI at the gateway’s address shows the query that ran', async () => {
  const page = await fetch(`${gatewayUrl}/ui/`, { headers: { Accept: 'text/html' } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>Trino<\/title>/);
  const marked = 'SELECT 42 AS seen_in_the_ui';
  assert.equal((await clients.query('go', gatewayUrl, marked)).code, 0);
  const login = await fetch(`${gatewayUrl}/ui/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: user, password: '' }),
  });
  assert.ok(login.ok, `the login of Trino's UI answers ${login.status}`);
  const cookie = login.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const listed = await fetch(`${gatewayUrl}/ui/api/query`, { headers: { cookie } });
  const queries = (await listed.json()) as readonly {
    readonly queryId: string;
    readonly query?: string;
    readonly queryTextPreview?: string;
  }[];
  const found = queries.find((one) => (one.query ?? one.queryTextPreview) === marked);
  assert.ok(found, `the list has: ${JSON.stringify(queries.slice(0, 2))}`);
  assert.equal((await fetch(`${gatewayUrl}/ui/api/query/${found.queryId}`, { headers: { cookie } })).status, 200);
});

test('an idle runtime goes back to sleep, its processes end, and the next query wakes it again', async () => {
  const patch = { spec: { autoSuspendAfter: '10s' } };
  const patched = await up.kubectl('patch', 'tn', 'quickstart', '--type=merge', '-p', JSON.stringify(patch));
  assert.equal(patched.code, 0, patched.notes);
  const asleep = await up.until('quickstart', 'Suspended', 60_000);
  assert.equal(asleep.status?.lifecycle?.cause, 'Idle');
  await eventually('the end of the processes', 20_000, () => javaProcesses(up.home).length === 0);
  assertCounted(await clients.query('go', gatewayUrl, countLines));
});
