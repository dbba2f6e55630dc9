import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '#core/objects.ts';
import { addressesOf, endpointsOf, parseServiceHost } from './names.ts';

function aPod(
  name: string,
  podIP: string,
  more: { ready?: boolean; deleted?: boolean; namespace?: string; labels?: Record<string, string> } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: more.namespace ?? 'team',
      labels: more.labels ?? { app: 'trino', role: 'coordinator' },
      ...(more.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'trino', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIP, conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }] },
  };
}

function stores(pods: Pod[], spec: Partial<Service['spec']> = {}) {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'trino-a', namespace: 'team' },
    spec: {
      selector: { role: 'coordinator' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'jmx', port: 9000 },
      ],
      ...spec,
    },
  };
  return { services: { get: (key: string) => (key === 'team/trino-a' ? service : undefined) }, pods: { list: () => pods } };
}

const name = { namespace: 'team', name: 'trino-a' };

test('every spelling of a Service name inside a cluster is understood, other hosts are not', () => {
  for (const host of ['trino-a.team', 'trino-a.team.svc', 'trino-a.team.svc.cluster.local', 'Trino-A.team.svc.cluster.local.']) {
    assert.deepEqual(parseServiceHost(host, undefined), name, host);
  }
  assert.deepEqual(parseServiceHost('trino-a', 'team'), name);
  for (const host of ['trino-a', 'example.com.au', '127.0.0.1', '', 'a..svc'])
    assert.equal(parseServiceHost(host, undefined), undefined, host);
});

test('only ready Pods of the namespace that match the selector and stay are addresses, in a stable order', () => {
  const pods = [
    aPod('c', '127.0.1.3'),
    aPod('a', '127.0.1.1'),
    aPod('starting', '127.0.1.4', { ready: false }),
    aPod('leaving', '127.0.1.5', { deleted: true }),
    aPod('elsewhere', '127.0.1.6', { namespace: 'other' }),
    aPod('worker', '127.0.1.7', { labels: { role: 'worker' } }),
  ];
  assert.deepEqual(addressesOf(name, stores(pods)), ['127.0.1.1', '127.0.1.3']);
  assert.deepEqual(addressesOf(name, stores(pods, { selector: {} })), []);
  assert.deepEqual(addressesOf({ namespace: 'team', name: 'absent' }, stores(pods)), []);
});

test('a headless Service may publish Pods that are not ready', () => {
  const pods = [aPod('starting', '127.0.1.4', { ready: false })];
  assert.deepEqual(addressesOf(name, stores(pods, { publishNotReadyAddresses: true })), ['127.0.1.4']);
});

test('the port is the one of the Pod, by name or number', () => {
  const seen = stores([aPod('a', '127.0.1.1')]);
  assert.deepEqual(
    [undefined, 'http', 80, 9000, 'absent'].map((port) => endpointsOf(name, port, seen).map((one) => one.port)),
    [[8080], [8080], [8080], [9000], []],
  );
});
