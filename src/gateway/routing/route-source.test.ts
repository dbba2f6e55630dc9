import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '#core/objects.ts';
import { routeShardOf, routeShards } from '#apis/v1/names.ts';
import { gatewayNamespace, routesLabel } from '#apis/v1/resources.ts';
import { formatRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import { configMaps } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { createManualClock } from '../../../test/fakes/manual-clock.ts';
import { createMemoryKubeApi } from '../../../test/fakes/memory-kube-api.ts';
import { createRouteSource, mergeEntries } from './route-source.ts';

const entry: RouteEntry = {
  schema: 1,
  namespace: 'team',
  name: 'sales',
  state: 'RUNNING',
  routingGroup: 'team--sales',
  hosts: [],
  headerValues: ['team/sales'],
  isDefault: false,
  trinoVersion: 483,
  patienceMs: 600_000,
};
const key = 'team.sales.json';
const table = (value: object): Record<string, string> => ({ [key]: JSON.stringify(value) });
const first = mergeEntries(new Map(), table(entry)).entries;

test('an operator of a later minor is understood: fields this gateway does not know change nothing', () => {
  const { entries, problems } = mergeEntries(first, table({ ...entry, state: 'PAUSED', weight: 3 }));
  assert.deepEqual(problems, []);
  assert.equal(entries.get('team/sales')?.state, 'PAUSED');
});

test('an entry of an unknown major is reported, and its last good version stays in force', () => {
  const { entries, problems } = mergeEntries(first, table({ ...entry, schema: 2, state: 'PAUSED' }));
  assert.deepEqual(problems, [`${key} has schema 2; this gateway reads schema 1; its last good version stays in force`]);
  assert.equal(entries.get('team/sales')?.state, 'RUNNING');
});

test('an entry that somebody broke by hand is reported with what is wrong, and its last good version stays in force', () => {
  const broken: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /is not JSON/],
    ['{"schema":1,', /is not JSON/],
    ['null', /is not a JSON object/],
    ['[]', /has schema undefined/],
    [JSON.stringify({ ...entry, state: 'running' }), /has state "running"; known are RUNNING, /],
    [JSON.stringify({ ...entry, namespace: 7 }), /lacks namespace or name/],
    [JSON.stringify({ ...entry, routingGroup: undefined }), /lacks routingGroup/],
    [JSON.stringify({ ...entry, hosts: 'a.example.com' }), /hosts and headerValues must be lists of text/],
    [JSON.stringify({ ...entry, headerValues: [7] }), /hosts and headerValues must be lists of text/],
    [JSON.stringify({ ...entry, coordinatorUrl: '10.0.0.5:8080' }), /coordinatorUrl "10.0.0.5:8080" is not a URL/],
    [JSON.stringify({ ...entry, isDefault: 'yes' }), /isDefault must be true or false/],
    [JSON.stringify({ ...entry, patienceMs: '10m' }), /patienceMs must be a positive number/],
    [JSON.stringify({ ...entry, weight: 0 }), /weight must be a positive number/],
    [JSON.stringify({ ...entry, retiring: {} }), /retiring must list objects/],
    [
      JSON.stringify({ ...entry, name: 'other', state: 'PAUSED' }),
      /is about team\/other, which belongs under team.other.json; it changes nothing/,
    ],
  ];
  for (const [text, problem] of broken) {
    const { entries, problems } = mergeEntries(first, { [key]: text });
    assert.equal(problems.length, 1, text);
    assert.match(problems[0] ?? '', problem);
    assert.deepEqual([...entries], [...first], text);
  }
});

test('of a runtime that was never known, an entry of an unknown major is reported and makes no route', () => {
  const { entries, problems } = mergeEntries(new Map(), table({ ...entry, schema: 2 }));
  assert.equal(problems.length, 1);
  assert.equal(entries.size, 0);
});

test('an entry that is the same keeps its identity', () => {
  assert.equal(mergeEntries(first, { [key]: formatRouteEntry(entry) }).entries.get('team/sales'), first.get('team/sales'));
});

const home = routeShardOf(key);
const elsewhere = routeShards.find((name) => name !== home) ?? '';
const by = { fieldManager: 'test' };

/** A gateway that follows shards; `shards` are there before it starts. */
async function followed(shards: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const api = createMemoryKubeApi();
  const put = async (name: string, data: Readonly<Record<string, string>>): Promise<void> => {
    const metadata = { namespace: gatewayNamespace, name, labels: { [routesLabel]: 'true' } };
    await api.create<ConfigMap>(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, by);
  };
  const change = (name: string, data: object | null) =>
    api.patch<ConfigMap>(configMaps, { namespace: gatewayNamespace, name }, 'merge', { data }, by);
  const remove = (name: string) => api.remove(configMaps, { namespace: gatewayNamespace, name });
  for (const [name, data] of Object.entries(shards)) await put(name, data);
  const source = createRouteSource({ api, clock: createManualClock(), random: () => 0.5, log: silentLog });
  await source.start();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { put, change, remove, settled, stop: () => source.stop(), stateOf: (name: string) => source.table().byKey.get(name)?.state };
}

const paused = formatRouteEntry({ ...entry, state: 'PAUSED' });
const running = formatRouteEntry(entry);

test('shards are one table, and a shard that is emptied or deleted changes nothing', async (t) => {
  const other = formatRouteEntry({ ...entry, name: 'other', headerValues: ['team/other'] });
  const gateway = await followed({ [home]: { [key]: running }, [elsewhere]: { 'team.other.json': other } });
  t.after(gateway.stop);
  assert.deepEqual([gateway.stateOf('team/sales'), gateway.stateOf('team/other')], ['RUNNING', 'RUNNING']);
  await gateway.change(home, null);
  await gateway.remove(elsewhere);
  await gateway.settled();
  assert.deepEqual([gateway.stateOf('team/sales'), gateway.stateOf('team/other')], ['RUNNING', 'RUNNING']);
});

test('of two copies that a gateway finds when it starts, the one in the shard where the key belongs counts', async (t) => {
  for (const order of [
    [home, elsewhere],
    [elsewhere, home],
  ]) {
    const gateway = await followed(Object.fromEntries(order.map((name) => [name, { [key]: name === home ? running : paused }])));
    t.after(gateway.stop);
    assert.equal(gateway.stateOf('team/sales'), 'RUNNING', order.join());
  }
});

test('while a runtime moves to its shard, another change of the former one does not bring its old state back', async (t) => {
  const gateway = await followed({ [elsewhere]: { [key]: paused } });
  t.after(gateway.stop);
  assert.equal(gateway.stateOf('team/sales'), 'PAUSED');
  await gateway.put(home, { [key]: running });
  await gateway.change(elsewhere, { 'team.other.json': formatRouteEntry({ ...entry, name: 'other' }) });
  await gateway.settled();
  assert.deepEqual([gateway.stateOf('team/sales'), gateway.stateOf('team/other')], ['RUNNING', 'RUNNING']);
  await gateway.change(elsewhere, { [key]: null });
  await gateway.settled();
  assert.equal(gateway.stateOf('team/sales'), 'RUNNING');
});
