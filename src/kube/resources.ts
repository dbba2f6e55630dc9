// The Kubernetes resources that any part of XTrinode touches, as a table: no discovery at run time. Our own two kinds are
// in apis/v1/resources.ts, because kube must not know them.
import type { Resource } from './port.ts';

function resource(group: string, version: string, kind: string, plural: string, namespaced = true): Resource {
  return Object.freeze({ group, version, kind, plural, namespaced });
}

export const namespaces = resource('', 'v1', 'Namespace', 'namespaces', false);
export const nodes = resource('', 'v1', 'Node', 'nodes', false);
export const configMaps = resource('', 'v1', 'ConfigMap', 'configmaps');
export const secrets = resource('', 'v1', 'Secret', 'secrets');
export const services = resource('', 'v1', 'Service', 'services');
export const serviceAccounts = resource('', 'v1', 'ServiceAccount', 'serviceaccounts');
export const pods = resource('', 'v1', 'Pod', 'pods');
export const events = resource('', 'v1', 'Event', 'events');
export const deployments = resource('apps', 'v1', 'Deployment', 'deployments');
export const leases = resource('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const podDisruptionBudgets = resource('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const networkPolicies = resource('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies');
export const customResourceDefinitions = resource(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
