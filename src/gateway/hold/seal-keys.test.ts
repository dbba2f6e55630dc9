// Where a gateway's seal keys come from, and which one it uses when (docs/decisions/0011).
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Secret } from '#core/objects.ts';
import { annotations, gatewayNamespace as namespace, gatewaySealSecret as name } from '#apis/v1/resources.ts';
import { secrets } from '#kube/resources.ts';
import { createLog, silentLog, type Log } from '#observe/log.ts';
import { createFakeClock, settled, type FakeClock } from '../../../test/fakes/fake-clock.ts';
import { createMemoryKubeApi, type MemoryKubeApi } from '../../../test/fakes/memory-kube-api.ts';
import { createHeldAddresses, formatSlug } from './held-address.ts';
import { createSealKey } from './seal-key.ts';
import { createSealKeys, settleMs, type SealKeys } from './seal-keys.ts';

const by = { fieldManager: 'test' };
const id = '20260101_000000_00000_0gwab';
const failure = { end: { name: 'QUERY_REJECTED', message: 'no' }, arrivedAt: 0 } as const;
const keyId = (seed: number): string => createSealKey(Buffer.alloc(32, seed)).id;

function aSecret(current: number, previous?: number, rotatedAt?: number): Secret {
  const text = (seed: number): string => Buffer.alloc(32, seed).toString('base64');
  const marked = rotatedAt === undefined ? {} : { annotations: { [annotations.sealRotatedAt]: new Date(rotatedAt).toISOString() } };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name, ...marked },
    data: { current: text(current), ...(previous === undefined ? {} : { previous: text(previous) }) },
  };
}

interface Setup {
  readonly api: MemoryKubeApi;
  readonly clock: FakeClock;
  start(log?: Log): Promise<SealKeys>;
}

function setUp(t: TestContext): Setup {
  const api = createMemoryKubeApi();
  const clock = createFakeClock();
  return {
    api,
    clock,
    async start(log = silentLog) {
      const keys = createSealKeys({ api, clock, random: () => 0, log });
      t.after(() => keys.stop());
      await keys.start();
      return keys;
    },
  };
}

const later = { now: () => Date.UTC(2030, 0), wall: () => Date.UTC(2030, 0) };

it('without the Secret a gateway seals with a key of its own, says so once, and still opens what it sealed when the Secret comes', async (t) => {
  const { api, start } = setUp(t);
  const lines: string[] = [];
  const keys = await start(createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) }));
  assert.deepEqual([keys.ring().isShared, keys.ring().isComplete], [false, true]);
  const addresses = createHeldAddresses(keys.ring, later);
  const capability = addresses.writeEnd(failure);
  assert.equal(addresses.canTravel(capability), false);
  await api.create(secrets, aSecret(1), by);
  await settled();
  assert.deepEqual([keys.ring().isShared, keys.ring().current.id], [true, keyId(1)]);
  assert.deepEqual(addresses.open(id, capability), failure);
  assert.equal(lines.filter((line) => line.includes('there is no seal key')).length, 1);
});

it('two gateways with one Secret open each other’s addresses', async (t) => {
  const { api, start } = setUp(t);
  await api.create(secrets, aSecret(1), by);
  const [a, b] = [createHeldAddresses((await start()).ring, later), createHeldAddresses((await start()).ring, later)];
  const capability = a.writeEnd(failure);
  assert.equal(b.read(id, formatSlug(a.sign(id, capability, 2), capability), 2), capability);
  assert.deepEqual(b.open(id, capability), failure);
  assert.equal(a.canTravel(capability), true);
});

it('a new key opens at once, and seals when every replica must have heard of it; the former one opens on', async (t) => {
  const { api, start, clock } = setUp(t);
  await api.create(secrets, aSecret(1), by);
  const keys = await start();
  await api.replace(secrets, aSecret(2, 1, clock.now()), by);
  await settled();
  const late = await start();
  for (const one of [keys, late]) {
    assert.equal(one.ring().current.id, keyId(1));
    assert.ok(one.ring().find(keyId(2)) !== undefined);
  }
  clock.advance(settleMs);
  for (const one of [keys, late]) {
    assert.equal(one.ring().current.id, keyId(2));
    assert.ok(one.ring().find(keyId(1)) !== undefined);
  }
  assert.equal(late.ring().find(keyId(3)), undefined);
});

it('a Secret that is deleted, broken or made anew strands nobody who waits', async (t) => {
  const { api, start, clock } = setUp(t);
  await api.create(secrets, aSecret(1), by);
  const keys = await start();
  await api.remove(secrets, { namespace, name });
  await settled();
  assert.equal(keys.ring().current.id, keyId(1));
  for (const data of [{}, { current: 'c2hvcnQ=' }, { ...aSecret(3).data, previous: 'c2hvcnQ=' }]) {
    await api.apply(secrets, { ...aSecret(3), data }, { ...by, force: true });
    await settled();
    assert.equal(keys.ring().current.id, keyId(1));
    await api.remove(secrets, { namespace, name });
  }
  await api.create(secrets, aSecret(4, undefined, clock.now()), by);
  await settled();
  assert.equal(keys.ring().current.id, keyId(1), 'the others may not have heard of it');
  clock.advance(settleMs);
  assert.equal(keys.ring().current.id, keyId(4));
  assert.ok(keys.ring().find(keyId(1)) !== undefined);
});

it('before the first look it is known that not all keys are known', (t) => {
  const { api, clock } = setUp(t);
  const keys = createSealKeys({ api, clock, random: () => 0, log: silentLog });
  assert.equal(keys.ring().isComplete, false);
});
