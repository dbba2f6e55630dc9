import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseOfRouteReader, routeReaderOf } from './route-reader.ts';

test('what a gateway says is read back, with the time until which it holds', () => {
  assert.deepEqual(routeReaderOf(leaseOfRouteReader('g1', '4711', 1_000)), { gateway: 'g1', appliedVersion: '4711', endsAt: 26_000 });
});

test('a Lease of another schema, or one that somebody has edited, is as if that gateway did not speak', () => {
  const lease = leaseOfRouteReader('g1', '4711', 1_000);
  const { annotations = {} } = lease.metadata;
  const newer = { ...annotations, 'xtrinode.io/route-reader-schema': '2' };
  assert.equal(routeReaderOf({ ...lease, metadata: { ...lease.metadata, annotations: newer } }), undefined);
  assert.equal(routeReaderOf({ ...lease, metadata: { ...lease.metadata, annotations: {} } }), undefined);
  assert.equal(routeReaderOf({ ...lease, spec: { ...lease.spec, renewTime: 'yesterday' } }), undefined);
});
