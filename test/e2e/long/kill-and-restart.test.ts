// Queries that are killed by the id that their client had first, and a coordinator that cannot be reached or dies behind its route:
// through `up`, and through a gateway that runs from a file and has nobody to tell it anything.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { clientNames, createClients } from '../clients/clients.ts';
import { assertAskedOnce, assertCounted, countLines } from '../harness/expectations.ts';
import { javaProcesses } from '../harness/processes.ts';
import { aCatalog, aRuntime } from '../harness/runtimes.ts';
import { openTap } from '../harness/tap.ts';
import { startUp, startXtrinode } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

/** Runs for hours where nobody kills it. */
const endless = 'SELECT count(*) FROM tpch.sf1000.lineitem a, tpch.sf1000.lineitem b WHERE a.comment < b.comment';
/** Some seconds of work, so that all five clients wait for it at the same time. */
const slow = 'SELECT count(*) FROM tpch.sf1.lineitem';
/** Where nobody listens. */
const nowhere = 'http://127.0.0.1:1';

const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(aCatalog('tpch', 'solo') + aRuntime('solo', { routing: '{ default: true }' }));
await up.until('solo', 'Suspended', 20_000);

/** Queries of users that the coordinator runs now. */
async function running(): Promise<readonly { readonly queryId: string; readonly query: string }[]> {
  const { status } = await up.runtime('solo');
  if (status?.coordinator === undefined) return [];
  const response = await fetch(`${status.coordinator.url}/v1/query?state=RUNNING`, { headers: { 'X-Trino-User': 'anybody' } });
  return (await response.json()) as { queryId: string; query: string }[];
}

interface Walked {
  /** Every URI on every page. */
  readonly addresses: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

async function walkPages(server: string, ca: string, sql: string): Promise<Walked> {
  const addresses: string[] = [];
  const rows: (readonly unknown[])[] = [];
  let next: string | undefined = `${server}/v1/statement`;
  for (let body: string | undefined = sql; next !== undefined; body = undefined) {
    const page: Record<string, unknown> = await askJson(next, ca, body);
    for (const [name, value] of Object.entries(page)) if (name.endsWith('Uri')) addresses.push(String(value));
    rows.push(...((page['data'] ?? []) as (readonly unknown[])[]));
    next = page['nextUri'] as string | undefined;
  }
  return { addresses, rows };
}

function askJson(uri: string, ca: string, body: string | undefined): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request(uri, { method, ca, headers: { 'X-Trino-User': 'end-to-end' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

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

test('cursor.cancel() in Python ends a query that runs [row 80]', async () => {
  const { code, notes } = await clients.query('python', up.gatewayUrl, endless, '--cancel-after', '3');
  assert.equal(code, 1);
  assert.match(notes, /USER_CANCELED/);
  await eventually('the end of the query', 10_000, async () => (await running()).length === 0);
});

test('the Go client cancels a query that it had to wait for [row 79]', async () => {
  const { code, notes } = await up.xtrinode('suspend', 'solo', '--wait', '--timeout', '60s');
  assert.equal(code, 0, notes);
  const client = clients.start('go', up.gatewayUrl, endless);
  await eventually('the query to run', 120_000, async () => (await running()).length === 1);
  client.process.kill('SIGINT');
  assert.equal((await client.ended).code, 1);
  assert.match(client.notes(), /cancel/);
  await eventually('the end of the query', 10_000, async () => (await running()).length === 0);
});

test('the Go client uses a connection again that was idle for 55 s, and nothing was reset [row 94]', async () => {
  const tap = await openTap(up.gatewayUrl);
  after(() => tap.close());
  assertCounted(await clients.query('go', tap.url, countLines, '55'));
  assertAskedOnce(tap.forget(), 2);
  assert.equal(tap.connections(), 1);
});

test('behind a gateway that serves https, every address that Trino gives is https [row 12]', async () => {
  const { coordinator } = (await up.until('solo', 'Ready', 60_000)).status ?? {};
  const file = (name: string): string => join(up.home, name);
  const [nowMs, lifetimeMs] = [Date.now(), 60 * 60_000];
  const issuer = issueCa({ commonName: 'end-to-end', nowMs, lifetimeMs });
  const { certificate, key } = issueServerCertificate({ commonName: 'gateway', hosts: ['localhost'], issuer, nowMs, lifetimeMs });
  writeFileSync(file('tls.crt'), certificate);
  writeFileSync(file('tls.key'), key);
  const route = { namespace: 'default', name: 'solo', state: 'RUNNING', isDefault: true, coordinatorUrl: coordinator?.url ?? nowhere };
  writeFileSync(file('secure.yaml'), JSON.stringify([route]));
  const tls = ['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key')];
  const gateway = startXtrinode(['gateway', '--routes', file('secure.yaml'), '--listen', '127.0.0.1:0', ...tls]);
  after(() => gateway.process.kill('SIGTERM'));
  const ready = await eventually(
    'the ready line of the gateway',
    30_000,
    () => /^gateway ready: https:\/\/127\.0\.0\.1(:\d+)$/m.exec(gateway.out())?.[1],
  );
  const server = `https://localhost${ready}`;
  assertCounted(await clients.query('cli', server, countLines, '--insecure'));
  const { addresses, rows } = await walkPages(server, issuer.certificate, countLines);
  assert.deepEqual([rows, [...new Set(addresses.map((address) => new URL(address).origin))]], [[[60175]], [server]]);
});

test('behind a gateway that runs from a file', async (t) => {
  const { coordinator } = (await up.until('solo', 'Ready', 60_000)).status ?? {};
  const line = await openTap(coordinator?.url ?? nowhere);
  after(() => line.close());
  const file = join(up.home, 'routes.yaml');
  const route = { namespace: 'default', name: 'solo', state: 'RUNNING', isDefault: true, coordinatorUrl: line.url };
  writeFileSync(file, JSON.stringify([route]));
  const gateway = startXtrinode(['gateway', '--routes', file, '--listen', '127.0.0.1:0']);
  after(() => gateway.process.kill('SIGTERM'));
  const url = await eventually('the ready line of the gateway', 30_000, () => /^gateway ready: (\S+)$/m.exec(gateway.out())?.[1]);

  await t.test('a coordinator that cannot be reached for half a minute loses and doubles no row, with any client [row 23]', async () => {
    const booted = clientNames.map((name) => clients.boot(name, url, slow));
    after(() => booted.forEach((client) => client.end()));
    await Promise.all(booted.map(({ isReady }) => isReady));
    const ends = booted.map((client) => client.release());
    await eventually('five queries that run', 30_000, async () => (await running()).filter(({ query }) => query === slow).length === 5, 20);
    line.leadTo(nowhere);
    await delay(30_000);
    line.leadTo(coordinator?.url ?? nowhere);
    for (const { client, rows, notes } of await Promise.all(ends)) {
      // Beside what the CLI asked to load its classes.
      const own = rows?.filter(([value]) => value !== '1');
      assert.deepEqual(own, [['6001215']], `${client}: ${notes}`);
    }
    const bridged = gateway.notes().matchAll(/"queryId":"(\w+)".*bridging a coordinator that does not answer/g);
    assert.equal(new Set([...bridged].map(([, id]) => id)).size, 5);
  });

  await t.test(
    'and through up, a killed coordinator ends what ran, and who comes just then gets rows of the next one [row 87] [row 88]',
    async () => {
      const lost = clients.query('python', up.gatewayUrl, endless);
      await eventually('the query that will be lost', 30_000, async () => (await running()).some(({ query }) => query === endless));
      const [java, ...others] = javaProcesses(up.home);
      assert.deepEqual([java === undefined, others], [false, []]);
      process.kill(java?.pid ?? 0, 'SIGKILL');
      const answers = await Promise.all(
        [up.gatewayUrl, url].flatMap((to) => [clients.query('python', to, countLines), clients.query('go', to, countLines)]),
      );
      for (const answer of answers) assertCounted(answer);
      assert.match(gateway.notes(), /that is not proven took a statement; it waits on/);
      const { code, notes } = await lost;
      assert.equal(code, 1);
      assert.match(notes, /REMOTE_HOST_GONE/);
    },
  );
});
