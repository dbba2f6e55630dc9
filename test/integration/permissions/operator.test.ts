// The operator with exactly the permissions of the table, through everything that the crash sweep knows: nothing is refused, and
// nothing of the table is there for nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreEvent, Secret } from '#core/objects.ts';
import { configMaps, deployments, events, secrets, serviceAccounts, services } from '#kube/resources.ts';
import { annotations, fieldOwner, gatewayNamespace, gatewaySealSecret, systemNamespace } from '#apis/v1/resources.ts';
import { certificateSecretName } from '#admission/registration.ts';
import { createSecretAccess } from '#admission/secret-access.ts';
import { createLeaseElection } from '#kube/control/lease.ts';
import { silentLog } from '#observe/log.ts';
import { createWebhooks, withoutWebhooks } from '#roles/webhooks.ts';
import { createManualClock } from '../../fakes/manual-clock.ts';
import { createMemoryKubeApi, type MemoryKubeApi } from '../../fakes/memory-kube-api.ts';
import { createGatewaySealController, type GatewaySealInit } from '#reconcile/gateway-seal.ts';
import { managedSelector, ownerOf } from '#render/labels.ts';
import { operatorLeaseName, permissions } from '#rbac/permissions.ts';
import { guardApi } from '../../fakes/guarded-api.ts';
import { scenarios, type Scenario } from '../../sweep/scenarios.ts';
import { prepare } from '../../sweep/sweep.ts';
import { createWorld, team } from '../../sweep/world.ts';

/** What of the table nobody needed in this scenario. */
async function runGuarded(scenario: Scenario, andThen: readonly Scenario[]): Promise<readonly string[]> {
  const world = await createWorld();
  try {
    const guarded = guardApi(world.api, { permissions: permissions.operator, served: [team] });
    const operator = await world.startOperator(guarded.api);
    await prepare(world, scenario);
    await scenario.act(world);
    await world.pass(scenario.takesMs);
    await operator.stop();
    await world.startOperator(guarded.api);
    await world.pass(60_000);
    for (const { act, takesMs } of andThen) {
      await act(world);
      await world.pass(takesMs);
    }
    assert.deepEqual(guarded.refusals, [], scenario.name);
    return guarded.unused();
  } finally {
    await world.stop();
  }
}

function named(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  assert.ok(found);
  return found;
}

/** Old keys are renewed. */
async function renewSealKeys(api: MemoryKubeApi, common: Omit<GatewaySealInit, 'newKey'>): Promise<void> {
  const key = { namespace: gatewayNamespace, name: gatewaySealSecret };
  const metadata = { ...key, annotations: { [annotations.sealRotatedAt]: new Date(0).toISOString() } };
  const old: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: { current: 'old' } };
  await api.create(secrets, old, { fieldManager: 'somebody' });
  const controller = createGatewaySealController({ ...common, newKey: () => 'new' });
  await controller.start();
  const renewed = await api.until<Secret>(secrets, key, (secret) => secret?.data?.['current'] === 'new');
  assert.equal(renewed?.data?.['previous'], 'old');
  await controller.stop();
}

/** What a process has beside its controllers: its turn as leader, old seal keys, and the webhooks with their certificates. */
async function runProcess(): Promise<readonly string[]> {
  const api = createMemoryKubeApi();
  const clock = createManualClock(Date.UTC(2026, 0, 1));
  const guarded = guardApi(api, { permissions: permissions.operator, served: [] });
  const common = { api: guarded.api, clock, random: () => 0.5, log: silentLog };
  const names = { namespace: systemNamespace, name: operatorLeaseName, identity: 'a', fieldManager: fieldOwner };
  const term = await createLeaseElection({ ...common, ...names }).acquire(new AbortController().signal);
  await term?.release();
  await renewSealKeys(api, common);
  const webhooks = createWebhooks({ ...common, listen: { host: '127.0.0.1', port: 0 } });
  try {
    await webhooks.listen();
    await webhooks.register();
    await webhooks.register();
    // Of no use any more: it is made anew.
    const secret = { namespace: systemNamespace, name: certificateSecretName };
    const spoilt = await api.patch(secrets, secret, 'merge', { data: { 'tls.crt': '' } }, { fieldManager: 'somebody' });
    await api.until(secrets, secret, (object) => object?.metadata.resourceVersion !== spoilt.metadata.resourceVersion);
    await createSecretAccess(guarded.api)({ username: 'somebody' }, team, 'credentials');
    await withoutWebhooks(guarded.api);
  } finally {
    await webhooks.stop();
  }
  assert.deepEqual(guarded.refusals, []);
  return guarded.unused();
}

/** Then the caches do not show them, and the operator has to look at each name. */
const labelsTakenOff: Scenario = {
  name: 'labels taken off',
  takesMs: 10_000,
  async act({ api }) {
    for (const resource of [serviceAccounts, services, configMaps, deployments]) {
      const { items } = await api.list(resource, { namespace: team, labelSelector: managedSelector });
      for (const { metadata } of items)
        await api.patch(
          resource,
          { namespace: team, name: metadata.name },
          'merge',
          { metadata: { labels: null } },
          { fieldManager: 'somebody' },
        );
    }
  },
};

test('the table is neither too small nor too wide for what the operator does', async () => {
  const unused: (readonly string[])[] = [];
  for (const scenario of scenarios) unused.push(await runGuarded(scenario, []));
  // A second process tells the same once more, and finds the Event of the first.
  const again = [named('wake by command'), named('suspend by command'), labelsTakenOff];
  unused.push(await runGuarded(named('suspend by command'), again));
  unused.push(await runProcess());
  const never = unused[0]?.filter((rule) => unused.every((rules) => rules.includes(rule)));
  // Asked by the API server for what we send, see below.
  assert.deepEqual(never, ['update xtrinodes/finalizers in served']);
});

test('owner references block the deletion of a runtime, which is what the finalizers rule is for', () => {
  assert.equal(ownerOf({ namespace: 'a', name: 'b', uid: 'c' })[0]?.blockOwnerDeletion, true);
});

test('a namespace that nobody gave it stays untouched, and an Event of the runtime says what to do', async () => {
  const world = await createWorld();
  try {
    const guarded = guardApi(world.api, { permissions: permissions.operator, served: ['another'] });
    await world.startOperator(guarded.api);
    await prepare(world, { name: 'create', before: { size: 's', suspended: false }, act: () => Promise.resolve(), takesMs: 0 });
    assert.match(guarded.refusals[0] ?? '', /cannot patch/);
    assert.deepEqual((await world.api.list(deployments, { namespace: team })).items, []);
    const told = (await world.api.list<CoreEvent>(events, { namespace: team })).items.map(({ message }) => message);
    assert.match(told.join('\n'), /forbidden.*xtrinode rbac --role operator --serve team \| kubectl apply --server-side -f -/);
  } finally {
    await world.stop();
  }
});
