// Clients that are in the middle of something while everything around them changes: the default route moves to another runtime, one of
// two gateways goes and does not come back, the runtime gets a new revision. JDBC, Python and the CLI read a long result over a slow line, and
// a transaction is open at the CLI's prompt. Each stays with its coordinator.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClients, user } from '../clients/clients.ts';
import { createSessions, type Place } from '../clients/sessions.ts';
import { openBalancer } from '../harness/balancer.ts';
import { startReplica } from '../harness/gateways.ts';
import { longResult, readLongResult, slowLine } from '../harness/long-result.ts';
import { aRuntime } from '../harness/runtimes.ts';
import { openTap } from '../harness/tap.ts';
import { startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const changeMs = 4 * 60_000;
const coordinatorOf = 'SELECT node_id FROM system.runtime.nodes WHERE coordinator';
const readers = ['jdbc', 'python', 'cli'] as const;

const [clients, sessions] = [await createClients(), await createSessions()];
const up = await startUp({ args: ['--no-quickstart'] });
const options = { suspended: false, autoSuspendAfter: '30m' };
await up.apply(aRuntime('old', { ...options, routing: '{ default: true }' }) + aRuntime('new', { ...options, routing: '{ header: new }' }));
const [firstStatus] = await Promise.all(['old', 'new'].map(async (name) => (await up.until(name, 'Ready', changeMs)).status));
const firstCoordinator = firstStatus?.coordinator?.url ?? '';

const [leaving, staying] = await Promise.all([startReplica(up), startReplica(up)]);
const balancer = await openBalancer([leaving.url, staying.url]);
const tap = await openTap(`http://127.0.0.1:${balancer.port}`, slowLine);
const prompt = clients.openPrompt(tap.url);
after(() => {
  tap.close();
  balancer.close();
  return prompt.close();
});

/** Statements of the readers that a coordinator knows. */
async function knownTo(url: string): Promise<readonly { readonly queryId: string; readonly query: string }[]> {
  const listed = await fetch(`${url}/v1/query`, { headers: { 'X-Trino-User': user } });
  return ((await listed.json()) as { queryId: string; query: string }[]).filter(({ query }) => query.includes(' AS reads_'));
}

let failure: Error | undefined;

/** Fulfilled when each reader has asked for a page that it did not have when this was called. */
async function eachReadsOn(): Promise<void> {
  tap.forget();
  const asked = new Set<string | undefined>();
  await eventually('each reader asks for its next page', changeMs, () => {
    if (failure !== undefined) throw failure;
    for (const { line } of tap.forget().requests) asked.add(/\/v1\/statement\/executing\/(\w+)\//.exec(line)?.[1]);
    asked.delete(undefined);
    return asked.size === readers.length;
  });
}

/** The coordinator that the open transaction is at, in the words of Trino. */
async function coordinatorOfTransaction(): Promise<string> {
  const drawn = await prompt.ask(coordinatorOf);
  return /"node_id":"([^"]+)"/.exec(drawn)?.[1] ?? drawn;
}

/** The coordinator that a new statement comes to. */
async function coordinatorOfNew(...more: readonly string[]): Promise<string | undefined> {
  const { rows, notes } = await clients.query('python', tap.url, coordinatorOf, ...more);
  assert.ok(rows !== undefined, notes);
  return rows[0]?.[0];
}

describe('a long result and an open transaction', () => {
  let results: Promise<readonly string[]>;
  let first: string;

  before(async () => {
    assert.match(await prompt.ask('START TRANSACTION'), /START TRANSACTION/);
    first = await coordinatorOfTransaction();
    assert.equal(await coordinatorOfNew(), first);
    const place: Place = { url: tap.url, user };
    results = Promise.all(readers.map((client) => readLongResult(sessions, client, place, `reads_${client}`)));
    results.catch((error: Error) => (failure = error));
    await eachReadsOn();
  });

  it('stay where they are when the default route moves to another runtime [row 78]', async () => {
    await up.apply(
      aRuntime('old', { ...options, routing: '{ header: old }' }) + aRuntime('new', { ...options, routing: '{ default: true }' }),
    );
    await eventually('new statements come to the other runtime', changeMs, async () => (await coordinatorOfNew()) !== first);
    await eachReadsOn();
    assert.equal(await coordinatorOfTransaction(), first);
  });

  it('go on at the other gateway when theirs is stopped for good [row 16]', async () => {
    assert.ok((await leaving.load()).running > 0, 'it has its share');
    balancer.lead([staying.url]);
    leaving.process.kill('SIGTERM');
    assert.equal((await leaving.ended).code, 0);
    await eachReadsOn();
    assert.equal(await coordinatorOfTransaction(), first);
  });

  it('stay at the coordinator of the former revision while new statements come to the next one [row 78]', async () => {
    await up.apply(aRuntime('old', { ...options, routing: '{ header: old }' }).replace('cpu: 500m', 'cpu: 600m'));
    await up.until('old', 'the next revision', changeMs, ({ status: now }) => {
      const url = now?.coordinator?.url;
      return url !== undefined && url !== firstCoordinator;
    });
    assert.notEqual(await coordinatorOfNew('--header', 'X-Trino-XTrinode=old'), first);
    await eachReadsOn();
    assert.equal(await coordinatorOfTransaction(), first);
  });

  it('end well: every row, one query each, and the transaction commits', async () => {
    const ran = await knownTo(firstCoordinator);
    assert.deepEqual(ran.map(({ query }) => query).toSorted(), readers.map((client) => longResult(`reads_${client}`)).toSorted());
    tap.hurry();
    assert.match(await prompt.ask('COMMIT'), /COMMIT/);
    const { coordinator } = (await up.runtime('new')).status ?? {};
    const direct: Place = { url: coordinator?.url ?? '', user };
    const expected = await Promise.all(readers.map((client) => readLongResult(sessions, client, direct, `direct_${client}`)));
    assert.deepEqual(await results, expected);
    for (const runtime of ['old', 'new']) assert.deepEqual(await knownTo((await up.runtime(runtime)).status?.coordinator?.url ?? ''), []);
  });
});
