import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError, type KubeReason } from '#kube/errors.ts';
import { explainClusterProblem } from './cluster-problem.ts';

function explain(code: number, reason: KubeReason, message: string, details: Readonly<Record<string, unknown>> = {}) {
  const problem = explainClusterProblem(new KubeError({ code, reason, message, details }), 'operator');
  assert.ok(problem !== undefined);
  return problem;
}

test('an API server that does not answer, or is busy, is waited for', () => {
  assert.equal(explain(0, 'Unreachable', 'nothing listens there').isWorthWaiting, true);
  assert.equal(explain(503, 'ServiceUnavailable', 'later').isWorthWaiting, true);
});

test('certificates and credentials that are refused are not', () => {
  assert.equal(explain(0, 'Untrusted', 'another authority').isWorthWaiting, false);
  assert.equal(explain(401, 'Unauthorized', 'the token expired').isWorthWaiting, false);
});

test('a missing permission comes with the role to apply', () => {
  const said = 'deployments.apps is forbidden: User "u" cannot list resource "deployments" in API group "apps" at the cluster scope';
  const { text, isWorthWaiting } = explain(403, 'Forbidden', said);
  assert.equal(text, `${said}. All that it needs: xtrinode rbac --role operator --serve NAMESPACE | kubectl apply --server-side -f -`);
  assert.equal(isWorthWaiting, true);
});

test('missing definitions and namespaces come with the command that makes them', () => {
  const definitions = explain(404, 'NotFound', 'it does not serve xtrinodes (404 page not found)');
  assert.match(definitions.text, /xtrinode crds \| kubectl apply --server-side -f -$/);
  const namespace = explain(404, 'NotFound', 'namespaces "xtrinode-system" not found', { name: 'xtrinode-system' });
  assert.match(namespace.text, /kubectl create namespace xtrinode-system$/);
  assert.deepEqual([definitions.isWorthWaiting, namespace.isWorthWaiting], [true, true]);
});

test('what is not the cluster’s is not explained away', () => {
  assert.equal(explainClusterProblem(new TypeError('x is undefined')), undefined);
});
