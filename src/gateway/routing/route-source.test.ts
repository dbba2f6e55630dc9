import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import { mergeEntries } from './route-source.ts';

const entry: RouteEntry = {
  schema: 1,
  namespace: 'team',
  name: 'sales',
  state: 'RUNNING',
  routingGroup: 'team--sales',
  hosts: [],
  headerValues: ['team/sales'],
  isDefault: false,
  trinoVersion: 483,
  patienceMs: 600_000,
};
const key = 'team.sales.json';
const table = (value: object): Record<string, string> => ({ [key]: JSON.stringify(value) });
const first = mergeEntries(new Map(), table(entry)).entries;

test('an operator of a later minor is understood: fields this gateway does not know change nothing', () => {
  const { entries, problems } = mergeEntries(first, table({ ...entry, state: 'PAUSED', weight: 3 }));
  assert.deepEqual(problems, []);
  assert.equal(entries.get('team/sales')?.state, 'PAUSED');
});

test('an entry of an unknown major is reported, and its last good version stays in force', () => {
  const { entries, problems } = mergeEntries(first, table({ ...entry, schema: 2, state: 'PAUSED' }));
  assert.deepEqual(problems, [`${key} has schema 2; this gateway reads schema 1; its last good version stays in force`]);
  assert.equal(entries.get('team/sales')?.state, 'RUNNING');
});

test('of a runtime that was never known, an entry of an unknown major is reported and makes no route', () => {
  const { entries, problems } = mergeEntries(new Map(), table({ ...entry, schema: 2 }));
  assert.equal(problems.length, 1);
  assert.equal(entries.size, 0);
});

test('an entry that is the same keeps its identity', () => {
  assert.equal(mergeEntries(first, { [key]: formatRouteEntry(entry) }).entries.get('team/sales'), first.get('team/sales'));
});
