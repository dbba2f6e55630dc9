// Names of the objects of one runtime (design section 3). Pure. No two runtimes of a namespace can make the same name:
// revision suffixes are fixed in form, and runtime names that end like one are refused by the CRD.

/** `trino-` + name + `-coordinator-` + 8 must fit into the 63 characters of a DNS label. */
export const maxRuntimeNameLength = 63 - 'trino-'.length - '-coordinator-'.length - 8;
export const reservedNamePattern = '-[0-9a-f]{8}$';

export type Role = 'coordinator' | 'worker';

export function serviceName(runtime: string): string {
  return `trino-${runtime}`;
}

export function revisionServiceName(runtime: string, revision: string): string {
  return `trino-${runtime}-${revision}`;
}

/** Deployment and ConfigMap of a role share this name. */
export function roleName(runtime: string, role: Role, revision: string): string {
  return `trino-${runtime}-${role}-${revision}`;
}

export function catalogConfigMapName(runtime: string, revision: string): string {
  return `trino-${runtime}-catalogs-${revision}`;
}

export function internalSecretName(runtime: string): string {
  return `trino-${runtime}-internal`;
}

export function serviceAccountName(runtime: string): string {
  return `trino-${runtime}`;
}

export function routeKey(namespace: string, name: string): string {
  return `${namespace}.${name}.json`;
}

/** `namespace/name` of a route key; a namespace has no dots. */
export function runtimeOfRouteKey(key: string): string {
  return key.replace('.', '/').replace(/\.json$/, '');
}

/** Trino's name of a catalog: the object's name without the prefix of its ConfigMap. Source: reference-api 2.7. */
export function trinoCatalogName(objectName: string): string {
  return objectName.startsWith('trino-catalog-') ? objectName.slice('trino-catalog-'.length) : objectName;
}
