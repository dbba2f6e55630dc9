import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRuntime } from '../../../test/builders/runtime.ts';
import { routeShardOf } from '#apis/v1/names.ts';
import { formatRouteEntry, parseRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import { findOrphans, isStray } from './tombstones.ts';

const entry: RouteEntry = {
  schema: 1,
  namespace: 'team',
  name: 'sales',
  state: 'RUNNING',
  routingGroup: 'team--sales',
  hosts: ['sales.example.com'],
  headerValues: ['team/sales'],
  isDefault: true,
  trinoVersion: 483,
  patienceMs: 1_000,
};

const nobody = { get: () => undefined };

test('an entry whose runtime is there is nobody’s orphan, whatever its state', () => {
  const { removed, toRemove } = findOrphans({ 'team.sales.json': formatRouteEntry(entry) }, { get: () => aRuntime() });
  assert.deepEqual([removed.length, toRemove.size], [0, 0]);
});

test('an entry whose runtime went unseen becomes a tombstone that claims nothing', () => {
  const { toRemove } = findOrphans({ 'team.sales.json': formatRouteEntry(entry) }, nobody);
  const tombstone = parseRouteEntry(toRemove.get('team.sales.json') ?? '') as RouteEntry;
  assert.deepEqual([tombstone.state, tombstone.hosts, tombstone.headerValues, tombstone.isDefault], ['REMOVED', [], [], false]);
});

test('a tombstone is found to be taken away later, and what cannot be read is left alone', () => {
  const data = { 'team.sales.json': formatRouteEntry({ ...entry, state: 'REMOVED' }), 'team.other.json': 'nonsense' };
  assert.deepEqual(findOrphans(data, nobody), { removed: ['team.sales.json'], toRemove: new Map() });
});

test('a copy is one where the key also stands in the shard where it belongs, and only there', () => {
  const key = 'team.sales.json';
  const home = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: routeShardOf(key) }, data: { [key]: formatRouteEntry(entry) } };
  const elsewhere = 'trino-gateway-routes-x';
  assert.equal(isStray(key, elsewhere, { get: () => home }), true);
  assert.equal(isStray(key, routeShardOf(key), { get: () => home }), false);
  assert.equal(isStray(key, elsewhere, { get: () => ({ ...home, data: {} }) }), false);
});
