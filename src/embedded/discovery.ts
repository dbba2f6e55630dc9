// Which groups, versions and resources this server has, in the old form (one document per group version) and in the
// aggregated form that kubectl prefers. Pure reading of the registry.
import type { Registry, ResourceType, ServedVersion } from './registry.ts';
import { apiVersionIn } from './registry.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** In the order of a real API server, which kubectl prints. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/** Create-only resources without storage, by group. */
export const REVIEWS: Readonly<
  Record<string, { readonly version: string; readonly resources: readonly { readonly plural: string; readonly kind: string }[] }>
> = {
  'authorization.k8s.io': {
    version: 'v1',
    resources: [
      { plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' },
      { plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview' },
    ],
  },
  'authentication.k8s.io': { version: 'v1', resources: [{ plural: 'selfsubjectreviews', kind: 'SelfSubjectReview' }] },
};

interface Row {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

function groupsOf(registry: Registry): Map<string, readonly string[]> {
  const groups = new Map(registry.groups());
  for (const [group, { version }] of Object.entries(REVIEWS)) {
    groups.set(group, [version]);
  }
  return groups;
}

function typesIn(registry: Registry, group: string, version: string): { readonly type: ResourceType; readonly served: ServedVersion }[] {
  return registry.all().flatMap((type) => {
    const served = type.group === group ? type.versions.find(({ name }) => name === version) : undefined;
    return served === undefined ? [] : [{ type, served }];
  });
}

function verbsOf(type: ResourceType): readonly string[] {
  return type.isCustom ? CUSTOM_VERBS : VERBS.filter((verb) => verb !== 'deletecollection' || type.isDeletedTogether);
}

function rowsOf(registry: Registry, group: string, version: string): Row[] {
  const rows = typesIn(registry, group, version).flatMap(({ type, served }): Row[] => {
    const row: Row = {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: verbsOf(type),
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    };
    const sub = (name: string, more: Partial<Row>): Row => ({
      name: `${type.plural}/${name}`,
      singularName: '',
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: SUBRESOURCE_VERBS,
      ...more,
    });
    return [
      row,
      ...(served.hasStatus ? [sub('status', {})] : []),
      ...(served.scale === undefined ? [] : [sub('scale', { kind: 'Scale', group: 'autoscaling', version: 'v1' })]),
      ...(type.kind === 'Pod' ? [sub('log', { verbs: ['get'] })] : []),
    ];
  });
  const reviews = REVIEWS[group]?.resources ?? [];
  return [
    ...rows,
    ...reviews.map(({ plural, kind }) => ({ name: plural, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] })),
  ];
}

/** GET /api */
export function coreVersions(): unknown {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

function groupEntry(group: string, versions: readonly string[]): Record<string, unknown> {
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** GET /apis */
export function groupList(registry: Registry): unknown {
  const groups = [...groupsOf(registry)].filter(([group]) => group !== '').map(([group, versions]) => groupEntry(group, versions));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** GET /apis/{group}; undefined when there is no such group. */
export function oneGroup(registry: Registry, group: string): unknown {
  const versions = groupsOf(registry).get(group);
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group, versions) };
}

/** GET /api/v1 and /apis/{group}/{version}; undefined when there is no such group version. */
export function resourceList(registry: Registry, group: string, version: string): unknown {
  if (groupsOf(registry).get(group)?.includes(version) !== true) {
    return undefined;
  }
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionIn(group, version),
    resources: rowsOf(registry, group, version),
  };
}

/** GET /api or /apis in the aggregated form. */
export function aggregatedDiscovery(registry: Registry, isCore: boolean, apiVersion: 'v2' | 'v2beta1'): unknown {
  const items = [...groupsOf(registry)]
    .filter(([group]) => (group === '') === isCore)
    .map(([group, versions]) => ({
      metadata: { name: group },
      versions: versions.map((version) => ({ version, resources: aggregatedResources(registry, group, version), freshness: 'Current' })),
    }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${apiVersion}`, metadata: {}, items };
}

function aggregatedResources(registry: Registry, group: string, version: string): unknown[] {
  const rows = rowsOf(registry, group, version);
  return rows
    .filter(({ name }) => !name.includes('/'))
    .map((row) => {
      const subresources = rows
        .filter(({ name }) => name.startsWith(`${row.name}/`))
        .map((sub) => ({
          subresource: sub.name.slice(row.name.length + 1),
          responseKind: { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind },
          verbs: sub.verbs,
        }));
      return {
        resource: row.name,
        responseKind: { group, version, kind: row.kind },
        scope: row.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: row.singularName,
        verbs: row.verbs,
        ...(row.shortNames === undefined ? {} : { shortNames: row.shortNames }),
        ...(row.categories === undefined ? {} : { categories: row.categories }),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
}
