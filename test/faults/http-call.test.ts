import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callOfRequest } from './http-call.ts';

function read(method: string, path: string, contentType?: string): string | undefined {
  const call = callOfRequest({ method, path, contentType });
  if (call === undefined) return undefined;
  const { verb, group, plural, namespace = '-', name = '-', subresource = '-' } = call;
  return [verb, group, plural, namespace, name, subresource].join(' ');
}

test('requests are read as calls, and what is about no resource is none', () => {
  assert.equal(read('GET', '/api/v1/pods?limit=500'), 'list  pods - - -');
  assert.equal(read('GET', '/api/v1/namespaces/team'), 'get  namespaces - team -');
  assert.equal(read('GET', '/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dx'), 'watch  pods a x -');
  const status = '/apis/analytics.xtrinode.io/v1/namespaces/team/xtrinodes/sales/status?force=true';
  assert.equal(read('PATCH', status, 'application/apply-patch+yaml'), 'apply analytics.xtrinode.io xtrinodes team sales status');
  assert.equal(read('PATCH', status, 'application/merge-patch+json'), 'patch analytics.xtrinode.io xtrinodes team sales status');
  assert.equal(read('POST', '/apis/apps/v1/namespaces/team/deployments'), 'create apps deployments team  -');
  assert.equal(read('GET', '/readyz'), undefined);
  assert.equal(read('GET', '/apis/apps/v1'), undefined);
});
