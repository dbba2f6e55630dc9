// The Secret with the gateways' seal keys: made when missing, renewed when old, never overwritten.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Secret } from '#core/objects.ts';
import { annotations, gatewayNamespace, gatewaySealSecret as name } from '#apis/v1/resources.ts';
import { KubeError } from '#kube/errors.ts';
import { secrets } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled, type FakeClock } from '../../test/fakes/fake-clock.ts';
import { createMemoryKubeApi, type MemoryKubeApi } from '../../test/fakes/memory-kube-api.ts';
import { createGatewaySealController, planSeal, rotateAfterMs } from './gateway-seal.ts';

const by = { fieldManager: 'test' };

interface Setup {
  readonly api: MemoryKubeApi;
  readonly clock: FakeClock;
  start(): Promise<void>;
  read(namespace?: string): Promise<Secret | undefined>;
}

function setUp(t: TestContext, options: { readonly namespace?: string; readonly api?: MemoryKubeApi } = {}): Setup {
  const { api = createMemoryKubeApi(), ...where } = options;
  const clock = createFakeClock();
  let made = 0;
  return {
    api,
    clock,
    async start() {
      const newKey = (): string => `key-${(made += 1)}`;
      const controller = createGatewaySealController({ api, ...where, clock, random: () => 0, newKey, log: silentLog });
      t.after(() => controller.stop());
      await controller.start();
      await settled();
    },
    read: (namespace = gatewayNamespace) => api.get<Secret>(secrets, { namespace, name }),
  };
}

it('is made when it is missing, also after somebody deleted it, and then left alone', async (t) => {
  const { api, start, read } = setUp(t);
  await start();
  assert.deepEqual((await read())?.data, { current: 'key-1' });
  await api.remove(secrets, { namespace: gatewayNamespace, name });
  await settled();
  assert.deepEqual((await read())?.data, { current: 'key-2' });
  assert.deepEqual(api.writes, [`create secrets ${name}`, `remove secrets ${name}`, `create secrets ${name}`]);
});

it('of a former run is kept', async (t) => {
  const { api, start, read } = setUp(t);
  await start();
  const before = await read();
  await setUp(t, { api }).start();
  assert.deepEqual(await read(), before);
});

it('gets a new current key when the former is old, which becomes the previous one', async (t) => {
  const { start, read, clock } = setUp(t);
  await start();
  clock.advance(rotateAfterMs - 1);
  await settled();
  assert.deepEqual((await read())?.data, { current: 'key-1' });
  clock.advance(1);
  await settled();
  assert.deepEqual((await read())?.data, { current: 'key-2', previous: 'key-1' });
  clock.advance(rotateAfterMs);
  await settled();
  const last = await read();
  assert.deepEqual(last?.data, { current: 'key-3', previous: 'key-2' });
  assert.equal(last?.metadata.annotations?.[annotations.sealRotatedAt], new Date(clock.now()).toISOString());
});

it('that somebody else made is his', async (t) => {
  const { api, start, read, clock } = setUp(t);
  const own: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: gatewayNamespace, name }, data: { current: 'his' } };
  await api.create(secrets, own, by);
  await start();
  clock.advance(2 * rotateAfterMs);
  await settled();
  assert.deepEqual((await read())?.data, { current: 'his' });
  assert.deepEqual(planSeal(own, clock.now()), { do: 'leave' });
});

it('is made in the namespace where the gateways run, and tried again when that is not there yet', async (t) => {
  const api = createMemoryKubeApi();
  let failing = 2;
  const { create } = api;
  api.create = ((...args: Parameters<typeof create>) => {
    failing -= 1;
    if (failing >= 0) return Promise.reject(new KubeError({ code: 404, reason: 'NotFound', message: 'no such namespace' }));
    return create(...args);
  }) as typeof create;
  const { start, read, clock } = setUp(t, { api, namespace: 'edge' });
  await start();
  for (let round = 0; round < 2; round += 1) {
    clock.advance(1_000);
    await settled();
  }
  assert.deepEqual((await read('edge'))?.data, { current: 'key-3' });
});

it('made by another operator in the same moment is taken as it is', async (t) => {
  const api = createMemoryKubeApi();
  await Promise.all([setUp(t, { api }).start(), setUp(t, { api }).start()]);
  assert.equal(api.writes.length, 1);
});
