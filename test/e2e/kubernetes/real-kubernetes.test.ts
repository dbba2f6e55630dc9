// The whole of XTrinode on a real Kubernetes: real scheduler and controller manager, Pods as real Trino processes, two replicas of
// operator, API server and gateway, each with exactly its generated permissions. One story, told in the order of its tests.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { routeShardOf } from '#apis/v1/names.ts';
import { parseRouteEntry } from '#apis/v1/route-entry.ts';
import { requireRealKubernetes } from '../../../tools/real-cluster/require-real-kubernetes.ts';
import { createClients } from '../clients/clients.ts';
import { assertCounted, countLines } from '../harness/expectations.ts';
import { javaProcesses } from '../harness/processes.ts';
import { root } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';
import { install } from './installation.ts';

await requireRealKubernetes((line) => process.stderr.write(`${line}\n`));
const clients = await createClients();
const team = 'team-b';
const cluster = await install(['default', team]);
const free = ['--listen', '127.0.0.1:0'];

const operators = [await cluster.start('operator'), await cluster.start('operator')];
const apiServers = [await cluster.start('api-server', ...free), await cluster.start('api-server', ...free)];
const demand = ['--api-server', apiServers.map(({ url }) => url).join(',')];
const [gateway, otherGateway] = [await cluster.start('gateway', ...free, ...demand), await cluster.start('gateway', ...free, ...demand)];
await cluster.start('node', '--name', 'node-a', '--state-dir', join(cluster.home, 'node-a'));

/** On a busy machine the story takes longer than the idle time of the example. */
const quickstart = readFileSync(join(root, 'examples', 'quickstart.yaml'), 'utf8').replace('autoSuspendAfter: 5m', 'autoSuspendAfter: 1h');
/** The same in another namespace, reached by a host name: that of the gateway's own loopback address. */
const reports = quickstart
  .replaceAll('namespace: default', `namespace: ${team}`)
  .replace('name: quickstart', 'name: reports')
  .replace('default: true', 'hostname: localhost')
  .replace('maxWorkers: 1', 'maxWorkers: 2\n  workers: 1');

async function podsOf(namespace: string): Promise<readonly string[]> {
  return (await cluster.kubectl('-n', namespace, 'get', 'pods', '-o', 'name')).out.split('\n').filter((line) => line !== '');
}

/** That live, by their own word. */
async function countGateways(): Promise<number> {
  const { out } = await cluster.kubectl('-n', 'xtrinode-gateway', 'get', 'leases', '-l', 'xtrinode.io/route-reader', '-o', 'name');
  return out.split('\n').filter((line) => line !== '').length;
}

async function routeState(key: string): Promise<string | undefined> {
  const { out } = await cluster.kubectl('-n', 'xtrinode-gateway', 'get', 'configmap', routeShardOf(key), '-o', 'json');
  const text = (JSON.parse(out) as { readonly data?: Readonly<Record<string, string>> }).data?.[key];
  const entry = text === undefined ? undefined : parseRouteEntry(text);
  return typeof entry === 'object' ? entry.state : undefined;
}

test('a runtime that sleeps has no Pod, and the node of ours is one that the scheduler uses', async () => {
  await cluster.apply(quickstart);
  await cluster.until('default', 'quickstart', 'Suspended');
  assert.deepEqual(await podsOf('default'), []);
  const { out } = await cluster.kubectl(
    'get',
    'node',
    'node-a',
    '-o',
    'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints}',
  );
  assert.equal(out.trim(), 'True');
});

test('its first query, by the stock CLI through the gateway, wakes it and gets its rows', async () => {
  assertCounted(await clients.query('cli', gateway.url, countLines));
  const { status } = await cluster.until('default', 'quickstart', 'Ready');
  assert.equal(status?.lifecycle?.cause, 'Demand');
  assert.equal(javaProcesses(cluster.home).length, 2);
});

test('the other gateway knows the same runtime, and both say how far they follow the routes', async () => {
  assertCounted(await clients.query('go', otherGateway.url, countLines));
  assert.equal(await countGateways(), 2);
});

test('a runtime of another namespace is woken by its host name, through the other gateway, and does not touch the first', async () => {
  await cluster.apply(reports);
  await cluster.until(team, 'reports', 'Suspended');
  assertCounted(await clients.query('cli', otherGateway.url.replace('127.0.0.1', 'localhost'), countLines));
  await cluster.until('default', 'quickstart', 'Ready');
});

test('kubectl scale gives it a second worker, which queries see', async () => {
  const scaled = await cluster.kubectl('-n', team, 'scale', 'tn', 'reports', '--replicas=2');
  assert.equal(scaled.code, 0, scaled.notes);
  await cluster.until(team, 'reports', 'two workers', ({ status }) => status?.workers === 2);
  const countNodes = 'SELECT count(*) FROM system.runtime.nodes WHERE NOT coordinator';
  await eventually('both workers in the eyes of Trino', 60_000, async () => {
    const { rows } = await clients.query('go', gateway.url.replace('127.0.0.1', 'localhost'), countNodes);
    return rows?.[0]?.[0] === '2';
  });
});

test('killing the operator that leads lets the other one take over, and suspending still ends every Pod', async () => {
  const [leader] = operators.filter(({ notes }) => notes().includes('this operator leads'));
  const [standby] = operators.filter((operator) => operator !== leader);
  assert.ok(leader !== undefined && standby !== undefined);
  assert.ok(!standby.notes().includes('this operator leads'), 'one at a time');
  await leader.kill();
  const suspended = await cluster.xtrinode('suspend', 'reports', '-n', team);
  assert.equal(suspended.code, 0, suspended.notes);
  await eventually('the other operator leads', 60_000, () => standby.notes().includes('this operator leads'));
  await cluster.until(team, 'reports', 'Suspended');
  const { out: warnings } = await cluster.kubectl('-n', team, 'get', 'events', '--field-selector', 'reason=GatewayLags', '-o', 'name');
  assert.equal(warnings, '');
  await eventually('no Pod of it', 60_000, async () => (await podsOf(team)).length === 0);
  assert.equal(javaProcesses(cluster.home).length, 2);
});

test('with one API server and one gateway gone, the next query wakes it again', async () => {
  await apiServers[0]?.kill();
  assert.equal(await otherGateway.stop(), 0);
  assert.equal(await countGateways(), 1);
  assertCounted(await clients.query('cli', gateway.url.replace('127.0.0.1', 'localhost'), countLines));
});

test('deleting a runtime leaves nothing of it but the tombstone of its route', async () => {
  const deleted = await cluster.kubectl('-n', team, 'delete', 'tn', 'reports', '--timeout=120s');
  assert.equal(deleted.code, 0, deleted.notes);
  const kinds = 'pods,deployments,replicasets,services,configmaps,secrets,serviceaccounts,leases';
  await eventually('nothing of it', 60_000, async () => {
    const { out } = await cluster.kubectl('-n', team, 'get', kinds, '-l', 'app.kubernetes.io/instance=reports', '-o', 'name');
    return out === '';
  });
  assert.equal(await routeState(`${team}.reports.json`), 'REMOVED');
  assert.equal(await routeState('default.quickstart.json'), 'RUNNING');
});

test('nothing that a role asked for was refused: the generated permissions are enough', () => {
  assert.deepEqual(cluster.refusedCalls(), []);
});

test('a namespace that nobody served stays closed, and the runtime there says what is missing', async () => {
  await cluster.kubectl('create', 'namespace', 'closed');
  await cluster.apply(quickstart.replaceAll('namespace: default', 'namespace: closed').replace('default: true', 'header: closed'));
  const told = await eventually('an event about it', 60_000, async () => {
    const { out } = await cluster.kubectl('-n', 'closed', 'get', 'events', '-o', 'jsonpath={.items[*].message}');
    return /forbidden.*xtrinode rbac --role operator --serve closed/.exec(out)?.[0];
  });
  assert.match(told, /namespace "closed"/);
  assert.deepEqual(await podsOf('closed'), []);
  await cluster.until('default', 'quickstart', 'Ready');
});
