import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XTrinode } from '#apis/v1/objects.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { isKubeError } from '#kube/errors.ts';
import { createFakeClock } from '../../test/fakes/fake-clock.ts';
import { applyQuickstart, bootstrap } from './bootstrap.ts';

async function aFreshHome() {
  let uid = 0;
  const embedded = await createEmbeddedApi({
    file: ':memory:',
    clock: createFakeClock(),
    random: () => 0.5,
    newUid: () => `uid-${(uid += 1)}`,
  });
  await bootstrap(embedded);
  return embedded;
}

const quickstart = { namespace: 'default', name: 'quickstart' };

test('the example is made once per home: deleted stays deleted, and the Trino is the one that is here', async (t) => {
  const embedded = await aFreshHome();
  t.after(() => embedded.stop());
  const { api } = embedded;
  await applyQuickstart(api, '476');
  assert.equal((await api.get<XTrinode>(xtrinodes, quickstart))?.spec.version, '476');
  await api.remove(xtrinodes, quickstart);
  await applyQuickstart(api, '483');
  assert.equal(await api.get(xtrinodes, quickstart), undefined);
});

test('a start on a home that has everything changes nothing', async (t) => {
  const embedded = await aFreshHome();
  t.after(() => embedded.stop());
  const versions = async () => (await embedded.api.list(xtrinodes, {})).metadata.resourceVersion;
  await applyQuickstart(embedded.api, '483');
  const before = await versions();
  await bootstrap(embedded);
  await applyQuickstart(embedded.api, '483');
  assert.equal(await versions(), before);
});

test('what the schema cannot say is refused with the field, the value and the mend', async (t) => {
  const embedded = await aFreshHome();
  t.after(() => embedded.stop());
  const runtime = {
    apiVersion: 'analytics.xtrinode.io/v1',
    kind: 'XTrinode',
    metadata: quickstart,
    spec: { size: 'xs', resources: { worker: { limits: { memory: '192Mi' } } } },
  };
  await assert.rejects(embedded.api.create(xtrinodes, runtime, { fieldManager: 'test' }), (error: unknown) => {
    assert.ok(isKubeError(error, 'Invalid'));
    assert.match(error.message, /spec\.resources\.worker: Invalid value: limits\.memory 192Mi is too small .* at least 512Mi/);
    return true;
  });
  assert.equal(await embedded.api.get(xtrinodes, quickstart), undefined);
});

test('a manifest of the reference applies unchanged, and an unknown field in it would be refused by name', async (t) => {
  const embedded = await aFreshHome();
  t.after(() => embedded.stop());
  const runtime = {
    apiVersion: 'analytics.xtrinode.io/v1',
    kind: 'XTrinode',
    metadata: { namespace: 'default', name: 'prom-query-smoke' },
    spec: {
      size: 's',
      minWorkers: 0,
      maxWorkers: 2,
      wakeMinWorkers: 1,
      wakeTTL: '2m',
      autoSuspendAfter: '1h',
      routing: { header: 'X-Trino-XTrinode=team-test/prom-query-smoke', routingGroup: 'smoke', hostname: 'trino.example.com' },
      catalogSelector: { matchLabels: { team: 'smoke' } },
      resources: { worker: { requests: { cpu: 1, memory: '768Mi' }, limits: { cpu: '2', memory: '1280Mi' } } },
      limits: { session: { maxQueryMemory: '512MB', maxTotalMemoryPerNode: '512MB' } },
      keda: { enabled: true, scalerType: 'prometheus', scalingMetric: 'query', threshold: '1' },
      faultTolerantExecution: { retryPolicy: 'TASK', exchangeManager: { baseDirectories: ['s3://bucket/spool'] } },
      rolloutPolicy: { rollingUpdateStrategy: { maxSurge: 0, maxUnavailable: 1 } },
      valuesOverlay: { coordinator: { additionalJVMConfig: ['-Xmx768M'] } },
      helmChartConfig: { serviceMonitor: { enabled: true, interval: '15s' } },
      nodePool: { name: 'pool', provider: 'aws', aws: { instanceType: 'm5.large' } },
    },
  };
  const created = await embedded.api.create<XTrinode>(xtrinodes, runtime as unknown as XTrinode, { fieldManager: 'test' });
  assert.deepEqual(created.spec, { ...runtime.spec, version: '483', suspended: false, wakePatience: '10m' });
  const typo = { ...runtime, metadata: quickstart, spec: { ...runtime.spec, sizze: 'xs' } };
  const strict = { fieldManager: 'test', fieldValidation: 'Strict' } as const;
  await assert.rejects(embedded.api.apply(xtrinodes, typo, { ...strict, force: true }), /\.spec\.sizze: field not declared in schema/);
});
