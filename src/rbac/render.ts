// The RBAC objects of a role, from the table of what it asks (permissions.ts): one ClusterRole for what it may everywhere, one
// that is bound in each served namespace alone, one Role per namespace of ours. Pure.
import type { KubeObject } from '#core/objects.ts';
import { gatewayNamespace, systemNamespace } from '#apis/v1/resources.ts';
import { permissions, type Permission, type RoleName, type Scope } from './permissions.ts';

export interface RbacOptions {
  readonly role: RoleName;
  /** Namespaces with runtimes; everyNamespace for all, which includes every Secret. */
  readonly serve: readonly string[];
  /** Of the ServiceAccount. */
  readonly namespace?: string;
  /** Bound instead of a ServiceAccount: a user of the cluster, for a role that is started from a shell. */
  readonly user?: string;
}

export const everyNamespace = '*';
const rbacGroup = 'rbac.authorization.k8s.io';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

type RbacObject = KubeObject & Readonly<Record<string, unknown>>;

/** In an order in which they can be applied. */
export function renderRbac(options: RbacOptions): readonly KubeObject[] {
  const { role, serve, user } = options;
  const namespace = options.namespace ?? namespaceOf(role);
  const name = `xtrinode-${role}`;
  const subject = user === undefined ? { kind: 'ServiceAccount', name, namespace } : { kind: 'User', name: user, apiGroup: rbacGroup };
  const rules = (wanted: Scope): readonly PolicyRule[] => rulesOf(permissions[role].filter(({ scope }) => isSameScope(scope, wanted)));
  const ownNamespaces = new Set(permissions[role].flatMap(({ scope }) => (typeof scope === 'string' ? [] : [scope.namespace])));
  const served = rules('served');
  const clusterWide = rules('cluster');
  return [
    ...[...new Set([namespace, ...ownNamespaces])].filter((one) => !one.startsWith('kube-')).map(aNamespace),
    ...(user === undefined ? [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }] : []),
    ...(clusterWide.length === 0
      ? []
      : [aRole('ClusterRole', { name }, clusterWide), aBinding('ClusterRoleBinding', { name }, { kind: 'ClusterRole', name }, subject)]),
    ...(served.length === 0 ? [] : renderServed(name, serve, served, subject)),
    ...[...ownNamespaces].flatMap((own) => [
      aRole('Role', { name, namespace: own }, rules({ namespace: own })),
      aBinding('RoleBinding', { name, namespace: own }, { kind: 'Role', name }, subject),
    ]),
  ];
}

/** The ServiceAccount lives where its Deployment does. */
function namespaceOf(role: RoleName): string {
  return role === 'gateway' ? gatewayNamespace : systemNamespace;
}

function renderServed(role: string, serve: readonly string[], rules: readonly PolicyRule[], subject: object): readonly RbacObject[] {
  const name = `${role}-served`;
  const roleRef = { kind: 'ClusterRole', name };
  const bindings = serve.includes(everyNamespace)
    ? [aBinding('ClusterRoleBinding', { name }, roleRef, subject)]
    : serve.map((namespace) => aBinding('RoleBinding', { name, namespace }, roleRef, subject));
  return [aRole('ClusterRole', { name }, rules), ...bindings];
}

function isSameScope(a: Scope, b: Scope): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.namespace === b.namespace);
}

/** Rules with the same verbs on the same group become one. */
function rulesOf(wanted: readonly Permission[]): readonly PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const { resource, subresource, verbs, names } of wanted) {
    const path = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
    const key = JSON.stringify([resource.group, verbs, names]);
    const before = rules.get(key);
    rules.set(key, {
      apiGroups: [resource.group],
      resources: [...(before?.resources ?? []), path],
      ...(names === undefined ? {} : { resourceNames: names }),
      verbs,
    });
  }
  return [...rules.values()];
}

const labels = { 'app.kubernetes.io/name': 'xtrinode', 'app.kubernetes.io/managed-by': 'xtrinode-rbac' };

function aNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function aRole(kind: 'Role' | 'ClusterRole', metadata: { name: string; namespace?: string }, rules: readonly PolicyRule[]): RbacObject {
  return { apiVersion: `${rbacGroup}/v1`, kind, metadata: { ...metadata, labels }, rules };
}

function aBinding(
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  metadata: { name: string; namespace?: string },
  roleRef: { kind: string; name: string },
  subject: object,
): RbacObject {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind,
    metadata: { ...metadata, labels },
    roleRef: { apiGroup: rbacGroup, ...roleRef },
    subjects: [subject],
  };
}
