import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRouteEntry, parseRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import { aRuntime } from '../../../test/builders/runtime.ts';
import { findOrphans } from './tombstones.ts';

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

test('an entry whose runtime is there is nobody’s orphan, whatever its state', () => {
  const { removed, toRemove } = findOrphans({ 'team.sales.json': formatRouteEntry(entry) }, [aRuntime()]);
  assert.deepEqual([removed.length, toRemove.size], [0, 0]);
});

test('an entry whose runtime went unseen becomes a tombstone that claims nothing', () => {
  const { toRemove } = findOrphans({ 'team.sales.json': formatRouteEntry(entry) }, []);
  const tombstone = parseRouteEntry(toRemove.get('team.sales.json') ?? '') as RouteEntry;
  assert.deepEqual([tombstone.state, tombstone.hosts, tombstone.headerValues, tombstone.isDefault], ['REMOVED', [], [], false]);
});

test('a tombstone is found to be taken away later, and what cannot be read is left alone', () => {
  const data = { 'team.sales.json': formatRouteEntry({ ...entry, state: 'REMOVED' }), 'team.other.json': 'nonsense' };
  assert.deepEqual(findOrphans(data, []), { removed: ['team.sales.json'], toRemove: new Map() });
});
