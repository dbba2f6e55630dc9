// A runtime that may run two queries at a time, behind two gateways that know of each other only through the API server: more come, of
// three stock clients. How many run is counted at the real coordinator; what those who wait are told, by the Python client.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClients, user, type Answer } from '../clients/clients.ts';
import { openBalancer } from '../harness/balancer.ts';
import { startReplica } from '../harness/gateways.ts';
import { aCatalog, aRuntime } from '../harness/runtimes.ts';
import { startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const maxRunning = 2;
/** First the places are taken, then Python's clients come, who tell what they are told. */
const [first, later] = [['jdbc', 'cli', 'jdbc', 'cli', 'jdbc'] as const, ['python', 'python', 'python'] as const];
const asked = first.length + later.length;
const rowsOfTable = 6_001_215;
/**
 * Nobody else's text. `times`: a pass over the table is two seconds of work; a statement that gets its place within five has not been told
 * that it waits, so those that come first take longer.
 */
function statement(index: number, times: number): string {
  const tables = Array.from({ length: times }, () => 'TABLE tpch.sf1.lineitem').join(' UNION ALL ');
  return `SELECT count(*) AS full_${index} FROM (${tables})`;
}
const [firstTimes, laterTimes] = [4, 1];

const clients = await createClients();
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(aCatalog('tpch', 'full') + aRuntime('full', { suspended: false, routing: `{ default: true, maxRunning: ${maxRunning} }` }));
const { status } = await up.until('full', 'Ready', 180_000);
const replicas = await Promise.all([startReplica(up), startReplica(up)]);
const balancer = await openBalancer(replicas.map(({ url }) => url));
after(() => balancer.close());

/** Of those statements that the coordinator knows, those that it has not finished. */
async function countRunning(): Promise<number> {
  const listed = await fetch(`${status?.coordinator?.url}/v1/query`, { headers: { 'X-Trino-User': user } });
  const queries = (await listed.json()) as readonly { readonly query: string; readonly state: string }[];
  return queries.filter(({ query, state }) => query.includes('AS full_') && !['FINISHING', 'FINISHED', 'FAILED'].includes(state)).length;
}

interface ToldOfWait {
  /** In each page of the wait. */
  readonly positions: readonly number[];
  readonly warnings: readonly string[];
}

function toldOfWait({ notes }: Answer): ToldOfWait {
  return JSON.parse(notes.split('\n').find((line) => line.startsWith('{')) ?? '') as ToldOfWait;
}

test(`${asked} statements through two gateways where ${maxRunning} may run: no more do, all finish, and who waits is told`, async (t) => {
  const server = `http://localhost:${balancer.port}`;
  const watch = { isOver: false, most: 0 };
  const ends: Promise<Answer>[] = first.map((client, index) => clients.query(client, server, statement(index, firstTimes)));
  const watching = (async () => {
    for (; !watch.isOver; await delay(50)) watch.most = Math.max(watch.most, await countRunning());
  })();
  await eventually('all places are taken', 60_000, () => watch.most >= maxRunning, 50);
  ends.push(...later.map((client, index) => clients.query(client, server, statement(first.length + index, laterTimes), '--tell-wait')));
  const answers = await Promise.all(ends);
  watch.isOver = true;
  await watching;
  for (const [index, { client, rows, notes }] of answers.entries()) {
    const times = index < first.length ? firstTimes : laterTimes;
    assert.deepEqual(rows, [[String(rowsOfTable * times)]], `${client}: ${notes}`);
  }
  const told = answers.slice(first.length).map(toldOfWait);
  const connections = replicas.map(({ url }) => balancer.connectionsTo(url));
  t.diagnostic(`${watch.most} ran at most; connections to the gateways: ${connections.join(' and ')}`);
  t.diagnostic(`Python was told: ${JSON.stringify(told)}`);
  assert.equal(watch.most, maxRunning);
  for (const { positions, warnings } of told) {
    assert.match(warnings.join(), /^runtime default\/full is full: .*; you are \d/);
    assert.ok((positions[0] ?? 0) > 0, 'its position on the first page');
  }
});
