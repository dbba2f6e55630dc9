// No webhooks, and definitions that refuse nothing, as those of another release might be: whatever gets in that way is told on
// itself and disturbs no other.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { apiVersion, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { EmbeddedApi } from '#embedded/embedded-api.ts';
import { customResourceDefinitions } from '#kube/resources.ts';
import { applyDefinitions, readDefinitions } from '#roles/bootstrap.ts';
import { createWorld, team, type World } from '../sweep/world.ts';

interface Version {
  readonly schema: { readonly openAPIV3Schema: object };
}

/** Our definition without a schema. */
function withoutRules(definition: KubeObject): KubeObject {
  const { spec } = definition as KubeObject & { readonly spec: { readonly versions: readonly Version[] } };
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    ...definition,
    spec: { ...spec, versions: spec.versions.map((version) => ({ ...version, schema: { openAPIV3Schema } })) },
  } as KubeObject;
}

async function prepare({ api }: EmbeddedApi): Promise<void> {
  await applyDefinitions(api);
  for (const definition of readDefinitions()) {
    await api.replace(customResourceDefinitions, withoutRules(definition), { fieldManager: 'test' });
  }
}

async function aWorld(t: TestContext): Promise<World> {
  const world = await createWorld({ prepare });
  t.after(() => world.stop());
  return world;
}

const by = { fieldManager: 'test' };

function aRuntime(name: string, spec: unknown, part: object = {}): XTrinode {
  return { apiVersion, kind: 'XTrinode', metadata: { name, namespace: team, ...part }, spec } as XTrinode;
}

function aCatalog(name: string, spec: unknown): XTrinodeCatalog {
  return { apiVersion, kind: 'XTrinodeCatalog', metadata: { name, namespace: team }, spec } as XTrinodeCatalog;
}

const good = { size: 'xs', routing: { hostname: 'good.example.com' }, catalogSelector: {} };

const badSpecs: Readonly<Record<string, unknown>> = {
  'no-spec': undefined,
  'spec-of-text': 'small',
  'no-size': {},
  'size-of-number': { size: 7 },
  'idle-in-words': { size: 'xs', autoSuspendAfter: '5 minutes' },
  'idle-of-number': { size: 'xs', autoSuspendAfter: 300 },
  'no-patience': { size: 'xs', wakePatience: '0s' },
  'suspended-in-words': { size: 'xs', suspended: 'yes' },
  'routing-of-text': { size: 'xs', routing: 'good.example.com' },
  'header-of-number': { size: 'xs', routing: { header: 5 } },
  'host-of-list': { size: 'xs', routing: { hostname: ['good.example.com'] } },
  'selector-of-text': { size: 'xs', catalogSelector: 'all' },
  'selector-without-operator': { size: 'xs', catalogSelector: { matchExpressions: [null] } },
  'memory-in-words': { size: 'xs', resources: { worker: { limits: { memory: 'much' } } } },
  'too-many-workers': { size: 'xs', workers: 5_000 },
  'version-of-number': { size: 'xs', version: 483 },
  'line-break': { size: 'xs', limits: { session: { maxQueryMemory: '4GB\nquery.max-length=1' } } },
};

const badCatalogs: Readonly<Record<string, unknown>> = {
  'no-spec': undefined,
  'no-connector': {},
  'connector-of-list': { connector: [1] },
  'connector-of-text': { connector: { tpch: 'yes' } },
  'properties-of-text': { connector: { tpch: { properties: 'a=b' } } },
  'number-for-property': { connector: { tpch: { properties: { 'tpch.splits-per-node': 4 } } } },
  'reference-of-text': { connector: { tpch: { propertySecretRefs: { a: 'b' } } } },
  'labels-of-list': { connector: { tpch: {}, jmx: {} }, labels: ['a'] },
};

async function conditionsOf(world: World, name: string) {
  const runtime = await world.api.get<XTrinode>(xtrinodes, { namespace: team, name });
  return new Map((runtime?.status?.conditions ?? []).map((condition) => [condition.type, condition]));
}

test('one object that cannot be handled is reported on itself and disturbs no other', async (t) => {
  const world = await aWorld(t);
  await world.startOperator(world.api);
  for (const [name, spec] of Object.entries(badCatalogs)) await world.api.create(xtrinodeCatalogs, aCatalog(name, spec), by);
  await world.api.create(xtrinodeCatalogs, aCatalog('orders', { connector: { tpch: {} } }), by);
  for (const [name, spec] of Object.entries(badSpecs)) await world.api.create(xtrinodes, aRuntime(name, spec), by);
  await world.api.create(xtrinodes, aRuntime('good', good), by);
  await world.pass(120_000);

  const runtime = await world.api.get<XTrinode>(xtrinodes, { namespace: team, name: 'good' });
  assert.equal(runtime?.status?.phase, 'Ready');
  assert.equal(runtime.status.route, 'good.example.com');
  assert.deepEqual(runtime.status.observedCatalogs, ['orders']);
  const leftOut = (await conditionsOf(world, 'good')).get('CatalogsReady')?.message ?? '';
  for (const name of Object.keys(badCatalogs)) assert.match(leftOut, new RegExp(`${name}: spec\\.connector`), name);

  for (const name of Object.keys(badSpecs)) {
    const conditions = await conditionsOf(world, name);
    const { status, reason, message = '' } = conditions.get('TrinoResourcesReady') ?? {};
    assert.deepEqual([name, status, reason], [name, 'False', 'SpecInvalid']);
    assert.match(message, /^the spec cannot be acted on, what runs is left as it is: spec/);
    assert.equal(conditions.get('Ready')?.status, 'False', name);
  }
  for (const name of Object.keys(badCatalogs)) {
    const catalog = await world.api.get<XTrinodeCatalog>(xtrinodeCatalogs, { namespace: team, name });
    assert.equal(catalog?.status?.phase, 'Error', name);
    assert.match(catalog.status.message ?? '', /^spec\.connector/, name);
  }
});

test('what the API server will not have is reported on the runtime that needs it, in the words of the API server', async (t) => {
  const world = await aWorld(t);
  await world.startOperator(world.api);
  const name = 'a-name-with-which-no-deployment-can-be-made-at-all';
  await world.api.create(xtrinodes, aRuntime(name, { size: 'xs' }), by);
  await world.api.create(xtrinodes, aRuntime('good', good), by);
  await world.pass(120_000);
  assert.equal((await conditionsOf(world, 'good')).get('Ready')?.status, 'True');
  const { reason, message = '' } = (await conditionsOf(world, name)).get('Ready') ?? {};
  assert.equal(reason, 'ReconcileError');
  assert.match(message, /^the operator cannot look after it and tries again: .* is invalid: metadata\.name/);
});

test('a runtime whose spec becomes bad keeps what runs, and is mended by mending it', async (t) => {
  const world = await aWorld(t);
  await world.startOperator(world.api);
  await world.api.create(xtrinodes, aRuntime('good', good), by);
  await world.pass(120_000);
  const key = { namespace: team, name: 'good' };
  const before = await world.api.get<XTrinode>(xtrinodes, key);
  await world.api.patch(xtrinodes, key, 'merge', { spec: { size: 'huge' } }, by);
  await world.pass(10_000);
  const broken = await world.api.get<XTrinode>(xtrinodes, key);
  assert.equal(broken?.status?.phase, 'Error');
  assert.deepEqual(broken.status.coordinator, before?.status?.coordinator);
  assert.equal(world.routeStates.at(-1), 'team.good.json RUNNING', 'queries go on');
  await world.api.patch(xtrinodes, key, 'merge', { spec: { size: 'xs' } }, by);
  await world.pass(10_000);
  assert.equal((await world.api.get<XTrinode>(xtrinodes, key))?.status?.phase, 'Ready');
});

test('a runtime that was never right can be deleted', async (t) => {
  const world = await aWorld(t);
  await world.startOperator(world.api);
  await world.api.create(xtrinodes, aRuntime('bad', { size: 7 }, { finalizers: ['xtrinode.analytics.xtrinode.io/finalizer'] }), by);
  await world.pass(10_000);
  await world.api.remove(xtrinodes, { namespace: team, name: 'bad' });
  await world.pass(60_000);
  assert.equal(await world.api.get(xtrinodes, { namespace: team, name: 'bad' }), undefined);
});
