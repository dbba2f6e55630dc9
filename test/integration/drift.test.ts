// What somebody else does to the objects of a runtime: ours is repaired, theirs is left alone.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ConfigMap, Deployment, KubeObject, Service } from '#core/objects.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { routeKey, routeShardOf, routeShards } from '#apis/v1/names.ts';
import { gatewayNamespace, routesLabel, xtrinodes } from '#apis/v1/resources.ts';
import type { Resource } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import { managedSelector } from '#render/labels.ts';
import { listWrites } from '../sweep/list-writes.ts';
import { awakeSpec, create, runtimeName } from '../sweep/scenarios.ts';
import { createWorld, team, type World } from '../sweep/world.ts';

const somebody = { fieldManager: 'somebody' };
const second = 1_000;

/** A world whose operator's writes are listed. */
async function aWorld(t: TestContext, spec?: Readonly<Record<string, unknown>>) {
  const world = await createWorld();
  t.after(() => world.stop());
  const { api, writes } = listWrites(world.api);
  await world.startOperator(api);
  if (spec !== undefined) {
    await create(world, spec);
    await world.pass(30 * second);
  }
  writes.length = 0;
  return { world, writes };
}

async function only<T extends KubeObject>(world: World, resource: Resource, component: string): Promise<T> {
  const { items } = await world.api.list<T>(resource, {
    namespace: team,
    labelSelector: `app.kubernetes.io/instance=${runtimeName},app.kubernetes.io/component=${component}`,
  });
  assert.ok(items[0] !== undefined);
  return items[0];
}

function conditionOf(runtime: XTrinode | undefined, type: string) {
  return runtime?.status?.conditions?.find((condition) => condition.type === type);
}

const keyOf = ({ metadata }: KubeObject) => ({ namespace: team, name: metadata.name });
const runtimeKey = { namespace: team, name: runtimeName };

test('a field of ours that somebody edits is repaired, with one write', async (t) => {
  const { world, writes } = await aWorld(t, awakeSpec);
  const before = await only<Deployment>(world, resources.deployments, 'worker');
  await world.api.patch(resources.deployments, keyOf(before), 'merge', { spec: { replicas: 0 } }, somebody);
  await world.pass(10 * second);
  const after = await only<Deployment>(world, resources.deployments, 'worker');
  assert.equal(after.spec.replicas, before.spec.replicas);
  assert.deepEqual(
    writes.filter((write) => write.startsWith('apply deployments')),
    [`apply deployments ${before.metadata.name}`],
  );
});

test('quantities that are not written as the API server writes them are no drift, and another spelling is no change', async (t) => {
  const resourcesOf = (cpu: string | number, memory: string) => ({ worker: { limits: { cpu, memory }, requests: { cpu, memory } } });
  const { world, writes } = await aWorld(t, { ...awakeSpec, resources: resourcesOf('2000m', '2048Mi') });
  const { metadata } = await only<Deployment>(world, resources.deployments, 'worker');
  const label = { metadata: { labels: { 'cost-centre': '42' } } };
  await world.api.patch(resources.deployments, { namespace: team, name: metadata.name }, 'merge', label, somebody);
  await world.api.patch(xtrinodes, runtimeKey, 'merge', { spec: { resources: resourcesOf(2, '2Gi') } }, somebody);
  await world.pass(30 * second);
  assert.equal((await only(world, resources.deployments, 'worker')).metadata.name, metadata.name, 'the same revision');
  assert.deepEqual(
    writes.filter((write) => !write.startsWith('apply xtrinodes/status')),
    [],
  );
});

test('fields, labels and annotations that somebody adds are left alone, and nothing is written', async (t) => {
  const { world, writes } = await aWorld(t, awakeSpec);
  const deployment = await only<Deployment>(world, resources.deployments, 'coordinator');
  const metadata = { labels: { 'cost-centre': '42' }, annotations: { 'example.com/note': 'mine' } };
  await world.api.patch(resources.deployments, keyOf(deployment), 'merge', { metadata, spec: { minReadySeconds: 3 } }, somebody);
  const service = { namespace: team, name: `trino-${runtimeName}` };
  await world.api.patch(resources.services, service, 'merge', { metadata }, somebody);
  await world.pass(10 * second);
  const after = await only<Deployment & { readonly spec: { readonly minReadySeconds?: number } }>(
    world,
    resources.deployments,
    'coordinator',
  );
  assert.equal(after.metadata.labels?.['cost-centre'], '42');
  assert.equal(after.spec.minReadySeconds, 3);
  assert.equal((await world.api.get<Service>(resources.services, service))?.metadata.annotations?.['example.com/note'], 'mine');
  assert.deepEqual(writes, []);
});

test('whatever somebody deletes comes back, and queries run on', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const deleted: [Resource, string][] = [[resources.serviceAccounts, `trino-${runtimeName}`]];
  for (const resource of [resources.services, resources.configMaps, resources.deployments]) {
    const { items } = await world.api.list<KubeObject>(resource, { namespace: team, labelSelector: 'app.kubernetes.io/name=trino' });
    for (const { metadata } of items) deleted.push([resource, metadata.name]);
  }
  for (const [resource, name] of deleted) await world.api.remove(resource, { namespace: team, name });
  await world.pass(60 * second);
  for (const [resource, name] of deleted)
    assert.ok((await world.api.get(resource, { namespace: team, name })) !== undefined, `${resource.plural} ${name}`);
  const runtime = await world.api.get<XTrinode>(xtrinodes, runtimeKey);
  assert.equal(runtime?.status?.phase, 'Ready');
});

test('what somebody takes the labels off is found by its name, and has them again', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  for (const resource of [resources.serviceAccounts, resources.services, resources.configMaps, resources.deployments]) {
    const { items } = await world.api.list<KubeObject>(resource, { namespace: team, labelSelector: managedSelector });
    const [before] = items;
    assert.ok(before);
    await world.api.patch(resource, keyOf(before), 'merge', { metadata: { labels: null } }, somebody);
    await world.pass(second);
    const after = await world.api.get<KubeObject>(resource, keyOf(before));
    assert.deepEqual([after?.metadata.uid, after?.metadata.labels], [before.metadata.uid, before.metadata.labels]);
  }
});

test('a fixed ConfigMap that was made anew with other content is replaced', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const { metadata, ...before } = await only<ConfigMap>(world, resources.configMaps, 'worker');
  const { name, namespace = team, labels = {}, ownerReferences = [] } = metadata;
  await world.api.remove(resources.configMaps, { name, namespace });
  const forged = {
    ...before,
    metadata: { name, namespace, labels, ownerReferences },
    data: { 'config.properties': 'query.max-memory=1MB' },
  };
  await world.api.create<ConfigMap>(resources.configMaps, forged, somebody);
  await world.pass(30 * second);
  assert.deepEqual((await world.api.get<ConfigMap>(resources.configMaps, { name, namespace }))?.data, before.data);
});

test('a route table that is edited, emptied or deleted by hand is repaired', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const table = { namespace: gatewayNamespace, name: routeShardOf(routeKey(team, runtimeName)) };
  const read = async () => (await world.api.get<ConfigMap>(resources.configMaps, table))?.data;
  const good = await read();
  const key = Object.keys(good ?? {})[0] ?? '';
  await world.api.patch(resources.configMaps, table, 'merge', { data: { [key]: 'nonsense' } }, somebody);
  await world.pass(second);
  assert.deepEqual(await read(), good);
  await world.api.patch(resources.configMaps, table, 'merge', { data: null }, somebody);
  await world.pass(second);
  assert.deepEqual(await read(), good);
  await world.api.remove(resources.configMaps, table);
  await world.pass(second);
  assert.deepEqual(await read(), good);
});

test('an entry that an operator of before the shards left in the one table comes to where it belongs, and the copy goes', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const key = routeKey(team, runtimeName);
  const at = (name: string) => ({ namespace: gatewayNamespace, name });
  const dataOf = async (name: string) => (await world.api.get<ConfigMap>(resources.configMaps, at(name)))?.data ?? {};
  const home = routeShardOf(key);
  const good = (await dataOf(home))[key] ?? '';
  const elsewhere = routeShards.find((name) => name !== home) ?? '';
  const metadata = { ...at(elsewhere), labels: { [routesLabel]: 'true' } };
  await world.api.create<ConfigMap>(
    resources.configMaps,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [key]: good } },
    somebody,
  );
  await world.api.remove(resources.configMaps, at(home));
  await world.pass(second);
  assert.deepEqual([(await dataOf(home))[key], (await dataOf(elsewhere))[key]], [good, undefined]);
});

test('an object of the same name that is not ours is refused by name, left as it is, and taken when it is gone', async (t) => {
  const { world, writes } = await aWorld(t);
  const name = `trino-${runtimeName}`;
  const theirs: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: team, labels: { app: 'theirs' } },
    spec: { ports: [{ port: 80 }] },
  };
  await world.api.create(resources.services, theirs, somebody);
  await create(world, awakeSpec);
  await world.pass(5 * second);
  const blocked = await world.api.get<XTrinode>(xtrinodes, runtimeKey);
  const condition = conditionOf(blocked, 'TrinoResourcesReady');
  assert.equal(condition?.reason, 'ResourceConflict');
  assert.match(condition?.message ?? '', /Service trino-sales already exists and belongs to somebody else: delete it, or/);
  assert.deepEqual((await world.api.get<Service>(resources.services, { namespace: team, name }))?.metadata.labels, { app: 'theirs' });
  writes.length = 0;
  await world.pass(300 * second);
  assert.deepEqual(writes, [], 'it waits without writing');
  await world.api.remove(resources.services, { namespace: team, name });
  await world.pass(60 * second);
  assert.equal((await world.api.get<XTrinode>(xtrinodes, runtimeKey))?.status?.phase, 'Ready');
});

test('only what belongs to the runtime is pruned, whatever labels others put on theirs', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const { metadata } = await only<ConfigMap>(world, resources.configMaps, 'coordinator');
  const labels = { ...metadata.labels, 'xtrinode.io/revision': '00000000' };
  const theirs: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copy', namespace: team, labels }, data: { a: 'b' } };
  await world.api.create(resources.configMaps, theirs, somebody);
  await world.pass(30 * second);
  assert.ok((await world.api.get(resources.configMaps, { namespace: team, name: 'copy' })) !== undefined);
});

test('a runtime that is made anew takes the names of its predecessor as soon as they are free', async (t) => {
  const { world } = await aWorld(t, awakeSpec);
  const former = await world.api.get<XTrinode>(xtrinodes, runtimeKey);
  await world.api.remove(xtrinodes, runtimeKey);
  // What the garbage collector has not come to yet.
  const leaving: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `trino-${runtimeName}`,
      namespace: team,
      finalizers: ['example.com/slow'],
      ownerReferences: [{ apiVersion: 'analytics.xtrinode.io/v1', kind: 'XTrinode', name: runtimeName, uid: former?.metadata.uid ?? '' }],
    },
    spec: { ports: [{ port: 8080 }] },
  };
  await world.pass(5 * second);
  await world.api.create(resources.services, leaving, somebody);
  await create(world, awakeSpec);
  await world.pass(5 * second);
  const waiting = conditionOf(await world.api.get<XTrinode>(xtrinodes, runtimeKey), 'TrinoResourcesReady');
  assert.match(waiting?.message ?? '', /belonged to a former runtime of this name and is on its way out/);
  await world.api.patch(resources.services, keyOf(leaving), 'merge', { metadata: { finalizers: null } }, somebody);
  await world.pass(10 * second);
  assert.equal((await world.api.get<XTrinode>(xtrinodes, runtimeKey))?.status?.phase, 'Ready');
});
