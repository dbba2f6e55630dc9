import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { roleNames } from './permissions.ts';
import { renderRbac, type PolicyRule, type RbacOptions } from './render.ts';

type Rendered = KubeObject & {
  readonly rules?: readonly PolicyRule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
};

function render(options: RbacOptions): readonly Rendered[] {
  return renderRbac(options);
}

/** `kind namespace/name` of each. */
function namesOf(objects: readonly Rendered[]): readonly string[] {
  return objects.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`);
}

/** Rules that hold in every namespace: those of ClusterRoles that a ClusterRoleBinding binds. */
function clusterWideRules(objects: readonly Rendered[]): readonly PolicyRule[] {
  const bound = objects.filter(({ kind }) => kind === 'ClusterRoleBinding').map(({ roleRef }) => roleRef?.name);
  return objects.filter(({ kind, metadata }) => kind === 'ClusterRole' && bound.includes(metadata.name)).flatMap(({ rules = [] }) => rules);
}

test('the operator has one role for what it sees everywhere, one per served namespace, one in each namespace of ours', () => {
  assert.deepEqual(namesOf(render({ role: 'operator', serve: ['team', 'other'] })), [
    'Namespace xtrinode-system',
    'Namespace xtrinode-gateway',
    'ServiceAccount xtrinode-system/xtrinode-operator',
    'ClusterRole xtrinode-operator',
    'ClusterRoleBinding xtrinode-operator',
    'ClusterRole xtrinode-operator-served',
    'RoleBinding team/xtrinode-operator-served',
    'RoleBinding other/xtrinode-operator-served',
    'Role xtrinode-gateway/xtrinode-operator',
    'RoleBinding xtrinode-gateway/xtrinode-operator',
    'Role xtrinode-system/xtrinode-operator',
    'RoleBinding xtrinode-system/xtrinode-operator',
  ]);
});

test('in namespaces that nobody gave it no role may read a Secret, or write more than reports, Events, its Node and its webhooks', () => {
  const mayBeWritten = [
    'nodes',
    'nodes/status',
    'xtrinodes/status',
    'xtrinodecatalogs/status',
    'events',
    'validatingwebhookconfigurations',
    'subjectaccessreviews',
  ];
  for (const role of roleNames) {
    for (const { resources, verbs } of clusterWideRules(render({ role, serve: ['team'] }))) {
      assert.ok(!resources.includes('secrets'), role);
      const isReading = verbs.every((verb) => ['get', 'list', 'watch'].includes(verb));
      if (!isReading)
        assert.ok(
          resources.every((resource) => mayBeWritten.includes(resource)),
          `${role}: ${verbs.join()} ${resources.join()}`,
        );
    }
  }
});

test('nothing is a wildcard', () => {
  const rules = roleNames.flatMap((role) => render({ role, serve: ['*'] }).flatMap(({ rules = [] }) => rules));
  for (const { apiGroups, resources, verbs } of rules) assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'));
});

test('serving every namespace is one binding, asked for by name', () => {
  const objects = render({ role: 'operator', serve: ['*'] });
  assert.ok(namesOf(objects).includes('ClusterRoleBinding xtrinode-operator-served'));
  assert.ok(clusterWideRules(objects).some(({ resources }) => resources.includes('secrets')));
});

test('the gateway only reads the route table and its own keys', () => {
  const objects = render({ role: 'gateway', serve: ['team'] });
  assert.deepEqual(clusterWideRules(objects), []);
  assert.deepEqual(
    objects.flatMap(({ rules = [] }) => rules),
    [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['xtrinode-gateway-seal'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['trino-gateway-api-keys'], verbs: ['list', 'watch'] },
    ],
  );
  assert.ok(namesOf(objects).includes('ServiceAccount xtrinode-gateway/xtrinode-gateway'));
});

test('a user of the cluster is bound instead of a ServiceAccount', () => {
  const objects = render({ role: 'operator', serve: ['team'], user: 'alice' });
  assert.ok(!namesOf(objects).some((name) => name.startsWith('ServiceAccount')));
  const subjects = objects.flatMap(({ subjects = [] }) => subjects);
  assert.equal(subjects.length, 4);
  for (const subject of subjects) assert.deepEqual(subject, { kind: 'User', name: 'alice', apiGroup: 'rbac.authorization.k8s.io' });
});

test('the namespaces of Kubernetes itself are not ours to make', () => {
  const names = namesOf(render({ role: 'node', serve: ['team'] }));
  assert.ok(names.includes('Role kube-node-lease/xtrinode-node'));
  assert.ok(!names.includes('Namespace kube-node-lease'));
});
