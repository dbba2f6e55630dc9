// API server, gateway and process node with exactly the permissions of the table: nothing is refused, all of it is used.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createApiServer } from '#api-server/server.ts';
import { apiVersion, gatewayNamespace, gatewaySealSecret, routesConfigMap, routesLabel, xtrinodes } from '#apis/v1/resources.ts';
import type { ConfigMap, KubeObject, Pod, Secret } from '#core/objects.ts';
import { createSecretApiKeys } from '#gateway/admit/api-key-sources.ts';
import { createSealKeys } from '#gateway/hold/seal-keys.ts';
import { createRouteSource } from '#gateway/routing/route-source.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps, pods, secrets } from '#kube/resources.ts';
import { createImageTable } from '#node/images.ts';
import { createProcessNode } from '#node/process-node.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { permissions, type RoleName } from '#rbac/permissions.ts';
import { guardApi } from '../../fakes/guarded-api.ts';
import { createMemoryKubeApi } from '../../fakes/memory-kube-api.ts';
import { createWorld } from '../../sweep/world.ts';

const team = 'team';
const by = { fieldManager: 'test' };
const common = { clock: systemClock, random: Math.random, log: silentLog };

function guardedFor(role: RoleName, api: KubeApi) {
  return guardApi(api, { permissions: permissions[role], served: [team] });
}

test('the API server', async (t) => {
  const world = await createWorld();
  t.after(() => world.stop());
  await world.api.create<KubeObject>(
    xtrinodes,
    { apiVersion, kind: 'XTrinode', metadata: { namespace: team, name: 'a' }, spec: { size: 's' } } as KubeObject,
    by,
  );
  const guarded = guardedFor('api-server', world.api);
  const server = createApiServer({ api: guarded.api, ...common });
  t.after(() => server.stop());
  const url = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    const answer = await fetch(`${url}${path}`, { method, ...init });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  await call('GET', '/readyz');
  await call('GET', '/runtimes');
  await call('POST', `/runtimes/${team}/a/demand`, { arrivedAt: 1, waiting: 1 });
  await call('DELETE', `/runtimes/${team}/a/demand`);
  await call('POST', '/gateways/g1', { appliedVersion: '1' });
  await call('POST', '/gateways/g1/running', { running: { 'team/a': 1 } });
  await call('DELETE', '/gateways/g1');
  await call('POST', `/runtimes/${team}/a/suspend`);
  await call('GET', `/runtimes/${team}/a/why`);
  assert.deepEqual([guarded.refusals, guarded.unused()], [[], []]);
});

test('the gateway', async (t) => {
  const api = createMemoryKubeApi();
  const table: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: gatewayNamespace, name: routesConfigMap, labels: { [routesLabel]: 'true' } },
    data: {},
  };
  const sealSecret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: gatewayNamespace, name: gatewaySealSecret },
    data: { current: Buffer.alloc(32).toString('base64') },
  };
  const guarded = guardedFor('gateway', api);
  const routes = createRouteSource({ api: guarded.api, ...common });
  t.after(() => routes.stop());
  const keys = createSealKeys({ api: guarded.api, ...common });
  t.after(() => keys.stop());
  const apiKeys = createSecretApiKeys({ api: guarded.api, ...common });
  t.after(() => apiKeys.stop());
  await Promise.all([routes.start(), keys.start(), apiKeys.start()]);
  const changed = Promise.withResolvers<void>();
  routes.subscribe(() => changed.resolve());
  await api.create(configMaps, table, by);
  await api.create(secrets, sealSecret, by);
  await changed.promise;
  assert.deepEqual([guarded.refusals, guarded.unused()], [[], []]);
});

/** Needs a ConfigMap and a Secret that come only after it, and stays until it is deleted. */
function aPod(): Pod {
  const env = [
    { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
    { name: 'B', valueFrom: { secretKeyRef: { name: 'password', key: 'b' } } },
  ];
  const container = { name: 'main', image: 'host', command: ['/bin/sh', '-c', 'exec sleep 1000'], env };
  const metadata = { namespace: team, name: 'p', labels: { app: 'p' } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n', terminationGracePeriodSeconds: 5, containers: [container] } };
}

async function aNode(t: TestContext, api: KubeApi): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'xtrinode-permissions-'));
  const images = createImageTable({ trinoVersions: [], install: () => Promise.reject(new Error('none')), hostImages: ['host'] });
  const node = createProcessNode({ api, nodeName: 'n', stateDir, images, cpu: '8', memory: '16Gi', ...common });
  t.after(async () => {
    await node.stop({ graceMs: 0 });
    await rm(stateDir, { recursive: true, force: true });
  });
  await node.start();
}

test('the process node', async (t) => {
  const api = createMemoryKubeApi();
  const guarded = guardedFor('node', api);
  await aNode(t, guarded.api);
  await api.create(pods, aPod(), by);
  const key = { namespace: team, name: 'p' };
  const untilWaiting = (): Promise<Pod | undefined> =>
    api.until<Pod>(pods, key, (pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError');
  await untilWaiting();
  await api.create(
    configMaps,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: team, name: 'settings' }, data: { a: '1' } },
    by,
  );
  await api.create(
    secrets,
    { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: team, name: 'password' }, data: { b: 'MQ==' } } as KubeObject,
    by,
  );
  await api.until<Pod>(pods, key, (pod) => pod?.status?.phase === 'Running');
  await api.remove(pods, key);
  await api.until(pods, key, (pod) => pod === undefined);
  assert.deepEqual(guarded.refusals, []);
  // A repeated Event is written ten seconds later at the earliest; its rule is the operator's too, where it is used.
  assert.deepEqual(guarded.unused(), ['get events in served', 'patch events in served']);
});
