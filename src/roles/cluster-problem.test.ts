import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError, type KubeReason } from '#kube/errors.ts';
import { explainClusterProblem } from './cluster-problem.ts';

const asked = { describedAs: 'context "a" of /k', role: 'operator' };

function explain(code: number, reason: KubeReason, message: string) {
  const problem = explainClusterProblem(new KubeError({ code, reason, message }), asked);
  assert.ok(problem !== undefined);
  assert.ok(!problem.text.includes('\n'), 'one line');
  return problem;
}

test('an API server that does not answer is waited for', () => {
  const { text, isWorthWaiting } = explain(0, 'Unreachable', 'Kubernetes API https://x: nothing listens there (ECONNREFUSED)');
  assert.match(text, /ECONNREFUSED\)$/);
  assert.equal(isWorthWaiting, true);
});

test('a certificate that does not fit is not, and neither are credentials that are refused', () => {
  const tls = explain(0, 'Untrusted', 'Kubernetes API https://x: its certificate is not signed by CN=kubernetes');
  const expired = explain(401, 'Unauthorized', 'the token expired');
  assert.deepEqual([tls.isWorthWaiting, expired.isWorthWaiting], [false, false]);
});

test('a missing permission names the verb, the resource and the role to apply', () => {
  const said = 'deployments.apps is forbidden: User "u" cannot list resource "deployments" in API group "apps" at the cluster scope';
  const { text, isWorthWaiting } = explain(403, 'Forbidden', said);
  assert.equal(text, `${said}. Give it: xtrinode rbac --role operator --serve NAMESPACE | kubectl apply --server-side -f -`);
  assert.equal(isWorthWaiting, true);
});

test('missing definitions and namespaces come with the command that makes them', () => {
  const definitions = explain(404, 'NotFound', 'the server could not find the requested resource');
  assert.match(definitions.text, /xtrinode crds \| kubectl apply --server-side -f -$/);
  const namespace = explain(404, 'NotFound', 'namespaces "xtrinode-system" not found');
  assert.match(namespace.text, /kubectl create namespace xtrinode-system$/);
  assert.deepEqual([definitions.isWorthWaiting, namespace.isWorthWaiting], [true, true]);
});

test('what is not the cluster’s is not explained away', () => {
  assert.equal(explainClusterProblem(new TypeError('x is undefined')), undefined);
});
