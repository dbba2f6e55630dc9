import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeObject, Secret } from '#core/objects.ts';
import { systemNamespace } from '#apis/v1/resources.ts';
import { hostsOf, isIssuedBy, validityOf } from '#certificates/inspect.ts';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import type { KubeApi } from '#kube/port.ts';
import { customResourceDefinitions, namespaces, secrets } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled, type FakeClock } from '../../test/fakes/fake-clock.ts';
import { createCertificateKeeper } from './certificate-keeper.ts';
import { caLifetimeMs, overlapMs, servingLifetimeMs } from './certificate-set.ts';
import { certificateSecretName, publishedBundle, registrationName, validatingWebhookConfigurations, type Reach } from './registration.ts';

const dayMs = 24 * 60 * 60_000;
const service: Reach = { service: { namespace: systemNamespace, name: 'xtrinode-webhooks', port: 443 } };
const secretKey = { namespace: systemNamespace, name: certificateSecretName };

/** The embedded API has no webhooks; as a custom resource their configuration is stored like on a real one. */
const registrations = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${validatingWebhookConfigurations.plural}.${validatingWebhookConfigurations.group}` },
  spec: {
    group: validatingWebhookConfigurations.group,
    scope: 'Cluster',
    names: { kind: validatingWebhookConfigurations.kind, plural: validatingWebhookConfigurations.plural },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
} as unknown as KubeObject;

async function aCluster(t: TestContext): Promise<{ api: KubeApi; clock: FakeClock }> {
  const clock = createFakeClock();
  let uid = 0;
  // With a clock of its own, which stands still: years of bookmarks are not what is tested.
  const embedded = await createEmbeddedApi({
    file: ':memory:',
    clock: createFakeClock(),
    random: () => 0.5,
    newUid: () => `uid-${(uid += 1)}`,
  });
  t.after(() => embedded.stop());
  const by = { fieldManager: 'test' };
  await embedded.api.create<KubeObject>(customResourceDefinitions, registrations, by);
  await embedded.api.create<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } }, by);
  return { api: embedded.api, clock };
}

interface Replica {
  /** Certificates it has served with, the newest last. */
  readonly served: string[];
  readonly started: Promise<void>;
}

function aReplica(t: TestContext, api: KubeApi, clock: FakeClock, reach: Reach = service): Replica {
  const served: string[] = [];
  const serve = ({ certificate }: { readonly certificate: string }): void => void served.push(certificate);
  const keeper = createCertificateKeeper({ api, clock, random: () => 0.5, log: silentLog, namespace: systemNamespace, reach, serve });
  const started = keeper.start();
  // One that was killed before it was ready is not waited for.
  started.catch(() => undefined);
  // Not awaited: one that was killed never ends what it was doing.
  t.after(() => void keeper.stop());
  return { served, started };
}

/** The CAs that API servers trust now. */
async function trusted(api: KubeApi): Promise<readonly string[]> {
  const bundle = publishedBundle(await api.get<KubeObject>(validatingWebhookConfigurations, { name: registrationName }));
  return bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g) ?? [];
}

async function assertTrusted(api: KubeApi, replicas: readonly Replica[], nowMs: number): Promise<void> {
  const cas = await trusted(api);
  for (const { served } of replicas) {
    const certificate = served.at(-1);
    if (certificate === undefined) continue;
    assert.ok(
      cas.some((ca) => isIssuedBy(certificate, ca)),
      'what a replica serves with is trusted',
    );
    const { notBefore = 0, notAfter = 0 } = validityOf(certificate) ?? {};
    assert.ok(notBefore < nowMs && nowMs < notAfter, 'what a replica serves with is valid');
  }
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  clock.advance(ms);
  for (let turn = 0; turn < 6; turn += 1) {
    await settled();
    // What was put off for a moment, such as the try after a conflict.
    clock.advance(50);
  }
  await settled();
}

/** Counts and names the writes; kills the process after `writes` of them: that one is done, and nothing of it is heard again. */
function killedAfter(api: KubeApi, writes: number, log: string[] = []): KubeApi {
  let count = 0;
  const isDead = (): boolean => count >= writes;
  const dead = (): Promise<never> => new Promise(() => undefined);
  return new Proxy(api, {
    get(target, name: keyof KubeApi) {
      const method = (target[name] as (...inputs: unknown[]) => unknown).bind(target);
      if (name === 'watch' || name === 'readLog') return method;
      return async (...inputs: unknown[]) => {
        if (isDead()) return dead();
        const result = await method(...inputs);
        if (name === 'get' || name === 'list') return result;
        log.push(`${name} ${(inputs[0] as { plural: string }).plural}`);
        count += 1;
        return isDead() ? dead() : result;
      };
    },
  });
}

test('the first replica issues, the others serve the same, and API servers are told before anybody is ready', async (t) => {
  const { api, clock } = await aCluster(t);
  const replicas = [aReplica(t, api, clock), aReplica(t, api, clock)];
  await pass(clock, 0);
  await Promise.all(replicas.map(({ started }) => started));
  assert.deepEqual(replicas[0]?.served, replicas[1]?.served);
  await assertTrusted(api, replicas, clock.now());
  assert.deepEqual(hostsOf(replicas[0]?.served.at(-1) ?? '').slice(0, 1), ['xtrinode-webhooks.xtrinode-system.svc']);
  const registration = (await api.get<KubeObject>(validatingWebhookConfigurations, { name: registrationName })) as unknown as {
    webhooks: readonly { name: string; failurePolicy: string; clientConfig: { service: object } }[];
  };
  assert.deepEqual(
    registration.webhooks.map(({ name, failurePolicy }) => [name, failurePolicy]),
    [
      ['xtrinodes.admission.analytics.xtrinode.io', 'Fail'],
      ['xtrinodecatalogs.admission.analytics.xtrinode.io', 'Fail'],
    ],
  );
});

test('over seven years of rotations two replicas always serve what API servers trust, and nothing is left over', async (t) => {
  const { api, clock } = await aCluster(t);
  const replicas = [aReplica(t, api, clock), aReplica(t, api, clock)];
  await pass(clock, 0);
  const cas = new Set<string>();
  const end = clock.now() + 7 * 365 * dayMs;
  while (clock.now() < end) {
    // Days go by quickly; the hours in which CAs overlap are looked at one by one.
    const isOverlap = (await trusted(api)).length > 1;
    await pass(clock, isOverlap ? overlapMs / 4 : 10 * dayMs);
    await assertTrusted(api, replicas, clock.now());
    for (const ca of await trusted(api)) cas.add(ca);
  }
  assert.equal(cas.size, 1 + Math.floor((7 * 365 * dayMs) / ((caLifetimeMs * 2) / 3)));
  assert.ok((replicas[0]?.served.length ?? 0) > (7 * 365 * dayMs) / servingLifetimeMs);
  assert.deepEqual(replicas[0]?.served.at(-1), replicas[1]?.served.at(-1));
  await pass(clock, 2 * overlapMs);
  assert.equal((await trusted(api)).length, 1);
});

test('the next CA signs only after API servers have trusted it for an hour, and the former is trusted an hour longer', async (t) => {
  const { api, clock } = await aCluster(t);
  const replica = aReplica(t, api, clock);
  await pass(clock, 0);
  const [first = ''] = await trusted(api);
  await pass(clock, (caLifetimeMs * 2) / 3 + 60_000);
  const both = await trusted(api);
  assert.equal(both.length, 2);
  assert.ok(isIssuedBy(replica.served.at(-1) ?? '', first), 'the former still signs');
  await pass(clock, overlapMs - 60_000);
  assert.ok(isIssuedBy(replica.served.at(-1) ?? '', first));
  await pass(clock, 60_000);
  assert.ok(isIssuedBy(replica.served.at(-1) ?? '', both[1] ?? ''), 'the next one signs');
  assert.deepEqual((await trusted(api)).toSorted(), both.toSorted(), 'both are trusted');
  await pass(clock, overlapMs);
  assert.deepEqual(await trusted(api), [both[1]]);
});

test('a replica that was killed after any of its writes leaves what the next one brings to the same end', async (t) => {
  const { api: whole, clock: firstClock } = await aCluster(t);
  const log: string[] = [];
  aReplica(t, killedAfter(whole, Infinity, log), firstClock);
  await pass(firstClock, 0);
  await pass(firstClock, (caLifetimeMs * 2) / 3 + 60_000);
  for (let hours = 0; hours < 3; hours += 1) await pass(firstClock, overlapMs);
  assert.ok(log.length >= 8, log.join(', '));
  for (let writes = 1; writes <= log.length; writes += 1) {
    const { api, clock } = await aCluster(t);
    const killed = aReplica(t, killedAfter(api, writes), clock);
    await pass(clock, 0);
    if (writes > 2) await pass(clock, (caLifetimeMs * 2) / 3 + 60_000);
    if (writes > 2) for (let hours = 0; hours < 3; hours += 1) await pass(clock, overlapMs);
    // Not stopped: it is gone, with whatever it had half done.
    const next = aReplica(t, api, clock);
    await pass(clock, 0);
    await assertTrusted(api, [next], clock.now());
    if (writes <= 2) await pass(clock, (caLifetimeMs * 2) / 3 + 60_000);
    for (let hours = 0; hours < 3; hours += 1) {
      await pass(clock, overlapMs);
      await assertTrusted(api, [next], clock.now());
    }
    assert.equal((await trusted(api)).length, 1, `killed after write ${writes} (${log[writes - 1]})`);
    assert.ok(killed.served.length <= next.served.length + 4);
    const secret = await api.get<Secret>(secrets, secretKey);
    assert.deepEqual(Object.keys(secret?.data ?? {}).toSorted(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  }
});

test('a settled replica writes nothing, and mends a configuration that somebody changed or deleted', async (t) => {
  const { api, clock } = await aCluster(t);
  const log: string[] = [];
  aReplica(t, killedAfter(api, Infinity, log), clock);
  await pass(clock, 0);
  const written = log.length;
  await pass(clock, 30 * dayMs);
  assert.equal(log.length, written);
  const [ca] = await trusted(api);
  await api.patch(validatingWebhookConfigurations, { name: registrationName }, 'merge', { webhooks: [] }, { fieldManager: 'somebody' });
  await pass(clock, 0);
  assert.deepEqual(await trusted(api), [ca]);
  await api.remove(validatingWebhookConfigurations, { name: registrationName });
  await pass(clock, 0);
  assert.deepEqual(await trusted(api), [ca]);
});

test('a Secret that was emptied is issued anew, with a CA of its own', async (t) => {
  const { api, clock } = await aCluster(t);
  const replicas = [aReplica(t, api, clock), aReplica(t, api, clock)];
  await pass(clock, 0);
  const before = replicas[0]?.served.at(-1);
  await api.patch(secrets, secretKey, 'merge', { data: { 'tls.key': '' } }, { fieldManager: 'somebody' });
  await pass(clock, 0);
  assert.notEqual(replicas[0]?.served.at(-1), before);
  assert.deepEqual(replicas[0]?.served.at(-1), replicas[1]?.served.at(-1));
  await assertTrusted(api, replicas, clock.now());
});

test('replicas that are reached by different names do not take each other’s away', async (t) => {
  const { api, clock } = await aCluster(t);
  aReplica(t, api, clock);
  await pass(clock, 0);
  const outside = aReplica(t, api, clock, { url: 'https://127.0.0.1:9443' });
  await pass(clock, 0);
  const hosts = hostsOf(outside.served.at(-1) ?? '');
  assert.ok(hosts.includes('127.0.0.1') && hosts.includes('xtrinode-webhooks.xtrinode-system.svc'), hosts.join());
});

test('a Secret of cert-manager is served and published, and never written', async (t) => {
  const { api, clock } = await aCluster(t);
  const ca = issueCa({ commonName: 'theirs', nowMs: clock.now(), lifetimeMs: dayMs });
  const theirs = (hosts: readonly string[]) =>
    issueServerCertificate({ commonName: 'theirs', hosts, nowMs: clock.now(), lifetimeMs: dayMs, issuer: ca });
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const dataOf = (pair: { readonly certificate: string; readonly key: string }) => ({
    'ca.crt': encode(ca.certificate),
    'tls.crt': encode(pair.certificate),
    'tls.key': encode(pair.key),
  });
  const first = theirs(['xtrinode-webhooks.xtrinode-system.svc']);
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: secretKey, type: 'kubernetes.io/tls', data: dataOf(first) };
  await api.create(secrets, secret, { fieldManager: 'cert-manager' });
  const replica = aReplica(t, api, clock);
  await pass(clock, 0);
  assert.deepEqual(replica.served, [first.certificate]);
  assert.deepEqual(await trusted(api), [ca.certificate]);
  const second = theirs(['xtrinode-webhooks.xtrinode-system.svc']);
  await api.patch(secrets, secretKey, 'merge', { data: dataOf(second) }, { fieldManager: 'cert-manager' });
  await pass(clock, 10 * dayMs);
  assert.deepEqual(replica.served, [first.certificate, second.certificate]);
  assert.deepEqual((await api.get<Secret>(secrets, secretKey))?.data, dataOf(second));
});
