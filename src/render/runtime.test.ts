import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBytes } from '#core/quantity.ts';
import { maxRuntimeNameLength, revisionServiceName, roleName, serviceName } from '#apis/v1/names.ts';
import type { XTrinodeSpec } from '#apis/v1/objects.ts';
import { renderCatalog } from '#trino/connectors.ts';
import { aRuntime } from '../../test/builders/runtime.ts';
import { renderRuntime } from './runtime.ts';
import { workersOf } from './shape.ts';

const runtime = { namespace: 'team', name: 'sales', uid: 'uid' };

function render(spec: Partial<XTrinodeSpec>, catalogs: Record<string, Parameters<typeof renderCatalog>[1]> = {}) {
  const rendered = new Map(Object.entries(catalogs).map(([name, connector]) => [name, renderCatalog(name, connector)]));
  return renderRuntime({ runtime, spec: aRuntime(spec).spec, catalogs: rendered });
}

function fileOf(rendered: ReturnType<typeof render>, part: string, file: string): string {
  const object = rendered.fixed.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(`trino-sales-${part}-`)) as
    | { data?: Record<string, string> }
    | undefined;
  return object?.data?.[file] ?? '';
}

test('a change of the number of workers never changes the revision', () => {
  const counts = fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined });
  fc.assert(
    fc.property(counts, counts, fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }), (one, other, bound, otherBound) => {
      const workers = (count: number | undefined, maxWorkers: number) =>
        render({ maxWorkers, ...(count === undefined ? {} : { workers: count }) }).revision;
      assert.equal(workers(one, bound), workers(other, otherBound));
    }),
    { numRuns: 25 },
  );
});

test('the number of workers stays between minWorkers and maxWorkers, whoever scales', () => {
  const workers = (spec: Partial<XTrinodeSpec>) => workersOf(aRuntime({ maxWorkers: 4, ...spec }).spec);
  assert.deepEqual([workers({}), workers({ workers: 9 }), workers({ workers: 0 }), workers({ workers: 0, minWorkers: 2 })], [4, 4, 0, 2]);
});

test('whatever needs a restart changes the revision', () => {
  const base = render({}).revision;
  const changes = [
    render({ version: '482' }),
    render({ image: 'registry.example.com/trino:483' }),
    render({ size: 's' }),
    render({ limits: { session: { maxQueryMemory: '2GB' } } }),
    render({}, { tpch: { tpch: {} } }),
    render({}, { tpch: { tpch: { properties: { 'tpch.splits-per-node': '4' } } } }),
  ].map(({ revision }) => revision);
  assert.equal(new Set([base, ...changes]).size, changes.length + 1);
});

test('another spelling of a quantity is the same revision', () => {
  const spelled = (cpu: string | number, memory: string) => render({ resources: { worker: { limits: { cpu, memory } } } }).revision;
  assert.equal(spelled('1500m', '4096Mi'), spelled('1.5', '4Gi'));
  assert.equal(spelled(2, '4Gi'), spelled('2000m', '4Gi'));
  assert.notEqual(spelled(2, '4Gi'), spelled(3, '4Gi'));
});

test('the same spec renders the same bytes, in whatever order the catalogs come', () => {
  const one = render({}, { a: { tpch: {} }, b: { memory: {} } });
  const other = render({}, { b: { memory: {} }, a: { tpch: {} } });
  assert.equal(
    JSON.stringify([one.fixed, one.deployments({ coordinator: 1, worker: 2 })]),
    JSON.stringify([other.fixed, other.deployments({ coordinator: 1, worker: 2 })]),
  );
});

test('the heap stays inside the container for every size, and query memory inside the heap', () => {
  for (const size of ['xs', 's', 'm', 'l', 'xl'] as const) {
    const rendered = render({ size });
    for (const role of ['coordinator', 'worker'] as const) {
      const limit = Number(parseBytes(rendered.shape[role].resources.limits?.['memory'] ?? '0'));
      const heapMebibytes = Number(/-Xmx(\d+)M/.exec(fileOf(rendered, role, 'jvm.config'))?.[1]);
      assert.ok(heapMebibytes * 1024 * 1024 <= limit * 0.8, `${size} ${role}`);
      const properties = fileOf(rendered, role, 'config.properties');
      const perNode = Number(/query.max-memory-per-node=(\d+)MB/.exec(properties)?.[1]);
      const headroom = Number(/memory.heap-headroom-per-node=(\d+)MB/.exec(properties)?.[1]);
      assert.ok(perNode > 0 && headroom > 0 && perNode + headroom < heapMebibytes, `${size} ${role}`);
    }
  }
});

test('forwarded headers, one required worker and a secret by reference are always configured', () => {
  const properties = fileOf(render({}), 'coordinator', 'config.properties');
  assert.match(properties, /^http-server\.process-forwarded=true$/m);
  assert.match(properties, /^query-manager\.required-workers=1$/m);
  assert.match(properties, /^internal-communication\.shared-secret=\$\{ENV:XTRINODE_INTERNAL_SHARED_SECRET\}$/m);
});

const spooling = {
  location: 's3://spool/sales/',
  retrievalMode: 'COORDINATOR_PROXY',
  segmentTtl: '1h30m',
  properties: { 's3.region': 'eu-central-1' },
  propertySecretRefs: { 's3.aws-secret-key': { name: 'store', key: 'secret' } },
} as const;

test('spooling is configured on every node, and its secrets come from Secrets alone', () => {
  const rendered = render({ spooling });
  assert.notEqual(rendered.revision, render({}).revision);
  for (const role of ['coordinator', 'worker'] as const) {
    assert.equal(
      fileOf(rendered, role, 'spooling-manager.properties'),
      'spooling-manager.name=filesystem\nfs.location=s3://spool/sales/\nfs.s3.enabled=true\nfs.segment.ttl=5400000ms\n' +
        's3.aws-secret-key=${ENV:SPOOLING_S3_AWS_SECRET_KEY}\ns3.region=eu-central-1\n',
    );
    const config = fileOf(rendered, role, 'config.properties');
    assert.match(config, /^protocol\.spooling\.enabled=true\nprotocol\.spooling\.retrieval-mode=COORDINATOR_PROXY$/m);
    assert.match(config, /^protocol\.spooling\.shared-secret-key=\$\{ENV:XTRINODE_SPOOLING_SHARED_SECRET\}$/m);
    const [pod] = rendered.deployments({ coordinator: 1, worker: 1 }).filter(({ metadata }) => metadata.name.includes(`-${role}-`));
    const secrets = pod?.spec.template.spec.containers[0]?.env?.map(({ valueFrom }) => valueFrom?.secretKeyRef);
    assert.deepEqual(
      secrets?.filter((secret) => secret !== undefined && secret.name !== 'trino-sales-internal'),
      [
        { name: 'store', key: 'secret' },
        { name: 'trino-sales-spooling', key: 'shared-secret-key' },
      ],
    );
  }
  assert.equal(fileOf(render({}), 'worker', 'spooling-manager.properties'), '');
});

test('a worker finds the coordinator of its own revision by name', () => {
  const rendered = render({});
  assert.match(
    fileOf(rendered, 'worker', 'config.properties'),
    new RegExp(`^discovery\\.uri=http://trino-sales-${rendered.revision}:8080$`, 'm'),
  );
});

test('names of the longest allowed runtime fit into 63 characters, and two runtimes never share one', () => {
  const longest = 'a'.repeat(maxRuntimeNameLength);
  assert.ok(roleName(longest, 'coordinator', '01234567').length <= 63);
  const suffix = fc.constantFrom('', '-worker', '-coordinator', '-internal', '-catalogs', '-b');
  fc.assert(
    fc.property(suffix, suffix, fc.stringMatching(/^[0-9a-f]{8}$/), fc.stringMatching(/^[0-9a-f]{8}$/), (a, b, revisionA, revisionB) => {
      if (a === b) return;
      const services = (name: string, revision: string) => [serviceName(name), revisionServiceName(name, revision)];
      const ofA = services(`x${a}`, revisionA);
      assert.ok(services(`x${b}`, revisionB).every((name) => !ofA.includes(name)));
      const roles = (name: string, revision: string) => [roleName(name, 'coordinator', revision), roleName(name, 'worker', revision)];
      const rolesOfA = roles(`x${a}`, revisionA);
      assert.ok(roles(`x${b}`, revisionB).every((name) => !rolesOfA.includes(name)));
    }),
  );
});
