// Before a coordinator ends, every gateway that lives has said that it sends it nothing more; who is dead is not waited for.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { CoreEvent, Deployment } from '#core/objects.ts';
import { routeKey, routeShardOf } from '#apis/v1/names.ts';
import { gatewayNamespace, xtrinodes } from '#apis/v1/resources.ts';
import { leaseOfRouteReader } from '#apis/v1/route-reader.ts';
import { configMaps, deployments, events, leases } from '#kube/resources.ts';
import { awakeSpec, create, runtimeName } from '../sweep/scenarios.ts';
import { createWorld, team, type World } from '../sweep/world.ts';

const second = 1_000;
const by = { fieldManager: 'test', force: true };

async function isRunning(world: World): Promise<boolean> {
  const { items } = await world.api.list<Deployment>(deployments, { namespace: team });
  return items.some(({ spec }) => (spec.replicas ?? 0) > 0);
}

async function routeVersion(world: World): Promise<string> {
  const shard = await world.api.get(configMaps, { namespace: gatewayNamespace, name: routeShardOf(routeKey(team, runtimeName)) });
  return shard?.metadata.resourceVersion ?? '';
}

/** A runtime that runs; gateways have been heard. */
async function awake(t: TestContext, ...gateways: readonly string[]) {
  const world = await createWorld();
  t.after(() => world.stop());
  const say = (gateway: string, version: string) => world.api.apply(leases, leaseOfRouteReader(gateway, version, world.clock.now()), by);
  await world.startOperator(world.api);
  await create(world, awakeSpec);
  await world.pass(30 * second);
  for (const gateway of gateways) await say(gateway, await routeVersion(world));
  return { world, say };
}

/** The same, told to sleep. */
async function suspended(t: TestContext, ...gateways: readonly string[]) {
  const { world, say } = await awake(t, ...gateways);
  await world.api.patch(xtrinodes, { namespace: team, name: runtimeName }, 'merge', { spec: { suspended: true } }, by);
  await world.pass(5 * second);
  return { world, say };
}

test('without a gateway that says anything, a second is enough', async (t) => {
  const { world } = await suspended(t);
  assert.equal(await isRunning(world), false);
});

test('the coordinator ends as soon as the last gateway has said that it takes note', async (t) => {
  const { world, say } = await suspended(t, 'a', 'b');
  assert.equal(await isRunning(world), true);
  const paused = await routeVersion(world);
  await say('a', paused);
  await world.settle();
  assert.equal(await isRunning(world), true);
  await say('b', String(Number(paused) + 1));
  await world.settle();
  assert.equal(await isRunning(world), false);
});

test('a runtime that is deleted hears them too, before its coordinator ends', async (t) => {
  const { world, say } = await awake(t, 'a');
  await world.api.remove(xtrinodes, { namespace: team, name: runtimeName });
  await world.pass(5 * second);
  assert.equal(await isRunning(world), true);
  await say('a', await routeVersion(world));
  await world.settle();
  assert.equal(await isRunning(world), false);
  assert.equal(await world.api.get(xtrinodes, { namespace: team, name: runtimeName }), undefined);
});

test('a gateway that died is waited for until its Lease has run out', async (t) => {
  const { world, say } = await suspended(t, 'a', 'dead');
  await say('a', await routeVersion(world));
  await world.pass(19 * second);
  assert.equal(await isRunning(world), true);
  await world.pass(2 * second);
  assert.equal(await isRunning(world), false);
});

test('a gateway that lives and does not follow the routes holds it up for half a minute, and an event names it', async (t) => {
  const { world, say } = await suspended(t, 'lost');
  for (let renewal = 0; renewal < 3; renewal += 1) {
    assert.equal(await isRunning(world), true);
    await say('lost', '1');
    await world.pass(9 * second);
  }
  assert.equal(await isRunning(world), false);
  const { items } = await world.api.list<CoreEvent>(events, { namespace: team });
  assert.match(items.find(({ reason }) => reason === 'GatewayLags')?.message ?? '', /^gateway lost lives but has not said within 30 s/);
});
