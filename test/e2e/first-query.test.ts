// The promise of the project with real Trino 483 and the stock clients: a sleeping runtime wakes on its first query, and
// whoever asks gets rows without an error and without trying again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientNames, createClients, user } from './clients/clients.ts';
import { assertAskedOnce, assertCounted, askMixed, countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { oneWake, putToSleep } from './harness/quickstart.ts';
import { countStarts } from './harness/starts.ts';
import { openTap } from './harness/tap.ts';
import { startUp } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();
const up = await startUp();
const { gatewayUrl } = up;
const tap = await openTap(gatewayUrl);
after(() => tap.close());

for (const client of clientNames) {
  test(`the first query of ${client} wakes a sleeping runtime and gets its rows [row 82]`, async () => {
    await putToSleep(up);
    const { result, starts } = await countStarts(up, 'quickstart', () => clients.query(client, tap.url, countLines));
    assertCounted(result);
    assertAskedOnce(tap.forget(), 1);
    assert.deepEqual(starts, oneWake);
  });
}

test('twenty mixed clients at once make one wake, and all get their rows [row 82]', async () => {
  await putToSleep(up);
  const { result, starts } = await countStarts(up, 'quickstart', () => askMixed(clients, tap.url, 20));
  result.forEach(assertCounted);
  assertAskedOnce(tap.forget(), 20);
  assert.deepEqual(starts, oneWake);
});

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
