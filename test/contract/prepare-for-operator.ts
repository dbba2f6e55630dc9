// What an operator needs around it on a real API server: the definitions, its namespaces and one for runtimes. With all rights: who
// counts calls or makes faults does not ask what the operator may do; test/integration/permissions does.
import type { KubeObject } from '#core/objects.ts';
import { gatewayNamespace, systemNamespace } from '#apis/v1/resources.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import { namespaces } from '#kube/resources.ts';
import { applyDefinitions } from '#roles/bootstrap.ts';

const clusterRoleBindings: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};

/** The operator is the user `operator`; `team`: the namespace for runtimes, also the name of who writes here. */
export async function prepareForOperator(api: KubeApi, team: string): Promise<void> {
  const by = { fieldManager: team, force: true };
  await applyDefinitions(api);
  for (const name of [systemNamespace, gatewayNamespace, team])
    await api.apply<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, by);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `${team}-operator` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'operator', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  await api.apply<KubeObject>(clusterRoleBindings, binding, by);
}
