// What each role asks of the Kubernetes API, as data: the one table that the generated RBAC objects come from. A test runs every
// role against an API that refuses what is not here, and complains of what is here and never used. Pure.
import { routeShards } from '#apis/v1/names.ts';
import {
  gatewayApiKeysSecret,
  gatewayNamespace,
  gatewaySealSecret,
  systemNamespace,
  xtrinodeCatalogs,
  xtrinodes,
} from '#apis/v1/resources.ts';
import { certificateSecretName, registrationName, validatingWebhookConfigurations } from '#admission/registration.ts';
import { subjectAccessReviews } from '#admission/secret-access.ts';
import type { Resource } from '#kube/port.ts';
import * as kube from '#kube/resources.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/**
 * 'cluster': everywhere. 'served': in the namespaces that somebody has given to XTrinode, one RoleBinding each (design D12: a
 * Secret is never readable cluster-wide). Otherwise one namespace.
 */
export type Scope = 'cluster' | 'served' | { readonly namespace: string };

export interface Permission {
  readonly scope: Scope;
  readonly resource: Resource;
  readonly subresource?: 'status' | 'finalizers';
  readonly verbs: readonly Verb[];
  /** Only these objects. RBAC cannot narrow create so; list and watch where they select by name. */
  readonly names?: readonly string[];
  /** Completes "It may, because it ...". */
  readonly why: string;
}

export const roleNames = ['operator', 'api-server', 'gateway', 'node'] as const;
export type RoleName = (typeof roleNames)[number];

const follow = ['list', 'watch'] as const;
/** Server-side apply needs create as well, where the object is new. */
const apply = ['create', 'patch'] as const;

export const operatorLeaseName = 'xtrinode-operator';
const inSystem = { namespace: systemNamespace };
const inGateway = { namespace: gatewayNamespace };
const inNodeLease = { namespace: 'kube-node-lease' };

const tellsEvents = { resource: kube.events, verbs: ['get', 'create', 'patch'], why: 'tells what it does as Events' } as const;

const operator: readonly Permission[] = [
  { scope: 'cluster', resource: xtrinodes, verbs: follow, why: 'follows the runtimes' },
  { scope: 'cluster', resource: xtrinodeCatalogs, verbs: follow, why: 'follows the catalogs' },
  ...[kube.deployments, kube.configMaps, kube.services, kube.serviceAccounts].map((resource): Permission => ({
    scope: 'cluster',
    resource,
    verbs: follow,
    why: 'follows the objects it has made, by label',
  })),
  { scope: 'cluster', resource: kube.pods, verbs: follow, why: 'sees from the Pods whether a coordinator runs, and where' },
  { scope: 'cluster', resource: kube.leases, verbs: follow, why: 'sees who waits for a runtime, and what gateways say, by label' },
  // Also where it may do nothing else: so a runtime in a namespace that nobody gave us says so.
  { scope: 'cluster', resource: xtrinodes, subresource: 'status', verbs: ['patch'], why: 'reports' },
  { scope: 'cluster', resource: xtrinodeCatalogs, subresource: 'status', verbs: ['patch'], why: 'reports' },
  { scope: 'cluster', ...tellsEvents },
  { scope: 'served', resource: xtrinodes, verbs: ['patch'], why: 'sets its finalizer and takes commands off the annotations' },
  {
    scope: 'served',
    resource: xtrinodes,
    subresource: 'finalizers',
    verbs: ['update'],
    why: 'makes objects that a runtime owns and that keep it until they are gone (asked for by OwnerReferencesPermissionEnforcement)',
  },
  ...[kube.deployments, kube.configMaps, kube.services].map((resource): Permission => ({
    scope: 'served',
    resource,
    verbs: ['get', ...apply, 'delete'],
    why: 'makes, mends and removes the objects of a runtime; where a name is taken it looks by whom',
  })),
  { scope: 'served', resource: kube.serviceAccounts, verbs: ['get', ...apply], why: 'makes and mends the account of a runtime' },
  {
    scope: 'served',
    resource: kube.secrets,
    verbs: ['get', 'create'],
    why: 'makes the shared secret of a runtime and sees that it is its own',
  },
  { scope: inGateway, resource: kube.configMaps, verbs: ['create'], why: 'makes the route table' },
  { scope: inGateway, resource: kube.configMaps, verbs: ['patch'], names: routeShards, why: 'publishes routes' },
  { scope: inGateway, resource: kube.secrets, verbs: ['create'], why: 'makes the keys with which gateways seal waiting statements' },
  {
    scope: inGateway,
    resource: kube.secrets,
    verbs: ['get', ...follow, 'update'],
    names: [gatewaySealSecret],
    why: 'renews the keys with which gateways seal waiting statements',
  },
  { scope: inSystem, resource: kube.leases, verbs: ['create'], why: 'takes part in the election of a leader' },
  {
    scope: inSystem,
    resource: kube.leases,
    verbs: ['get', 'update'],
    names: [operatorLeaseName],
    why: 'takes part in the election of a leader',
  },
  { scope: inSystem, resource: kube.secrets, verbs: ['create'], why: 'makes the certificates of its webhooks' },
  {
    scope: inSystem,
    resource: kube.secrets,
    verbs: ['get', 'list', 'watch', 'update'],
    names: [certificateSecretName],
    why: 'keeps the certificates of its webhooks',
  },
  { scope: 'cluster', resource: validatingWebhookConfigurations, verbs: ['create'], why: 'lets API servers ask its webhooks' },
  {
    scope: 'cluster',
    resource: validatingWebhookConfigurations,
    verbs: ['get', 'list', 'watch', 'patch', 'delete'],
    names: [registrationName],
    why: 'keeps that true, and takes it away with --webhooks off',
  },
  {
    scope: 'cluster',
    resource: subjectAccessReviews,
    verbs: ['create'],
    why: 'asks whether whoever names a Secret in a catalog may read it',
  },
];

const apiServer: readonly Permission[] = [
  { scope: 'cluster', resource: xtrinodes, verbs: ['get', 'list'], why: 'answers what there is and what becomes of it' },
  { scope: 'served', resource: xtrinodes, verbs: ['patch'], why: 'records resume and suspend as annotations' },
  { scope: 'served', resource: kube.leases, verbs: ['get', ...apply], why: 'records that somebody waits for a runtime' },
  {
    scope: inGateway,
    resource: kube.leases,
    verbs: ['list', ...apply, 'delete'],
    why: 'records which gateways there are and how far they follow the routes',
  },
];

const gateway: readonly Permission[] = [
  { scope: inGateway, resource: kube.configMaps, verbs: follow, why: 'follows the route table' },
  {
    scope: inGateway,
    resource: kube.secrets,
    verbs: follow,
    names: [gatewaySealSecret],
    why: 'seals waiting statements with the keys that all gateways share',
  },
  {
    scope: inGateway,
    resource: kube.secrets,
    verbs: follow,
    names: [gatewayApiKeysSecret],
    why: 'knows the API keys of clients, with --api-keys-secret',
  },
];

const node: readonly Permission[] = [
  { scope: 'cluster', resource: kube.nodes, verbs: apply, why: 'registers its Node' },
  { scope: 'cluster', resource: kube.nodes, subresource: 'status', verbs: ['patch'], why: 'says that its Node is ready' },
  { scope: inNodeLease, resource: kube.leases, verbs: apply, why: 'says that its Node lives' },
  { scope: 'cluster', resource: kube.pods, verbs: follow, why: 'takes the Pods bound to its Node, and resolves Service names to Pods' },
  { scope: 'served', resource: kube.pods, subresource: 'status', verbs: ['patch'], why: 'reports on its Pods' },
  { scope: 'served', resource: kube.pods, verbs: ['delete'], why: 'lets a Pod go whose process has ended' },
  { scope: 'served', resource: kube.services, verbs: follow, why: 'resolves Service names for the processes' },
  { scope: 'served', resource: kube.configMaps, verbs: ['get', 'watch'], why: 'writes the files that a Pod mounts' },
  { scope: 'served', resource: kube.secrets, verbs: ['get', 'watch'], why: 'writes the files and the environment of a Pod' },
  { scope: 'served', ...tellsEvents },
];

export const permissions: Readonly<Record<RoleName, readonly Permission[]>> = { operator, 'api-server': apiServer, gateway, node };
