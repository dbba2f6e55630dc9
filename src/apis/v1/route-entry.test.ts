import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRouteEntry, parseRouteEntry, type RouteEntry } from './route-entry.ts';

const entry: RouteEntry = {
  schema: 1,
  namespace: 'team',
  name: 'sales',
  state: 'RUNNING',
  routingGroup: 'team--sales',
  hosts: ['sales.example.com'],
  headerValues: ['team/sales'],
  isDefault: false,
  coordinatorUrl: 'http://10.0.0.1:8080',
  coordinatorId: 'abcde',
  instance: 'uid/0',
  trinoVersion: 483,
  patienceMs: 600_000,
};

test('an entry of a later minor, with fields that this release does not know, is accepted', () => {
  const text = JSON.stringify({ ...entry, weight: 3, limits: { perUser: 1 }, note: 'it runs' });
  const parsed = parseRouteEntry(text);
  assert.ok(typeof parsed === 'object');
  assert.equal(parsed.coordinatorId, 'abcde');
  assert.equal(formatRouteEntry(parsed), text, 'what is not known is kept');
});

test('an entry of another major is refused with its version and what is read here', () => {
  assert.equal(parseRouteEntry(JSON.stringify({ ...entry, schema: 2 })), 'has schema 2; this gateway reads schema 1');
  assert.equal(parseRouteEntry(JSON.stringify({ ...entry, schema: undefined })), 'has schema undefined; this gateway reads schema 1');
});

test('a field that is known and wrong is named', () => {
  const problemOf = (part: object): unknown => parseRouteEntry(JSON.stringify({ ...entry, ...part }));
  assert.match(String(problemOf({ state: 'DOZING' })), /^has state "DOZING"; known are RUNNING, RESUMING/);
  assert.match(String(problemOf({ patienceMs: 0 })), /^patienceMs must be a positive number/);
  assert.match(String(problemOf({ coordinatorUrl: 'here' })), /^coordinatorUrl "here" is not a URL/);
  assert.match(String(problemOf({ hosts: [1] })), /^hosts and headerValues must be lists of text/);
});
