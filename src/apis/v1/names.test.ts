import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxRuntimeNameLength, routeKey, routeShardOf, routeShards } from './names.ts';
import { formatRouteEntry } from './route-entry.ts';

test('the shard of a key is the same in every release: these were written down once', () => {
  const shards = ['team/sales', 'team/reports', 'default/quickstart', 'a/b'].map((name) => {
    const [namespace = '', runtime = ''] = name.split('/');
    return routeShardOf(routeKey(namespace, runtime));
  });
  assert.deepEqual(shards, ['trino-gateway-routes-4', 'trino-gateway-routes-10', 'trino-gateway-routes-9', 'trino-gateway-routes-1']);
});

test('there are sixteen, and the first bears the name of the reference', () => {
  assert.deepEqual([routeShards.length, routeShards[0], routeShards[15]], [16, 'trino-gateway-routes', 'trino-gateway-routes-15']);
});

test('a thousand runtimes with the longest of everything leave each shard below half of what a ConfigMap holds', () => {
  const bytes = new Map<string, number>();
  for (let index = 0; index < 1_000; index += 1) {
    const namespace = String(index).padStart(63, 'n');
    const name = 'r'.repeat(maxRuntimeNameLength);
    const long = (length: number): string => 'x'.repeat(length);
    const key = routeKey(namespace, name);
    const entry = formatRouteEntry({
      schema: 1,
      namespace,
      name,
      state: 'RESUMING',
      routingGroup: long(63),
      hosts: [long(253)],
      headerValues: [`${namespace}/${name}`, long(253)],
      isDefault: false,
      coordinatorUrl: `http://[${long(39)}]:8080`,
      coordinatorId: long(5),
      instance: `${long(36)}/1000`,
      retiring: Array.from({ length: 5 }, () => ({ coordinatorId: long(5), coordinatorUrl: `http://[${long(39)}]:8080` })),
      trinoVersion: 483,
      patienceMs: 3_600_000,
      failure: { reason: long(40), message: long(512) },
      note: long(512),
    });
    const shard = routeShardOf(key);
    bytes.set(shard, (bytes.get(shard) ?? 0) + key.length + entry.length);
  }
  assert.equal(bytes.size, routeShards.length);
  assert.ok(Math.max(...bytes.values()) < 512 * 1024, `${Math.max(...bytes.values())} bytes`);
});
