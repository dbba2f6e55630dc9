// Names of the objects of one runtime (design section 3). Pure. No two runtimes of a namespace can make the same name:
// revision suffixes are fixed in form, and runtime names that end like one are refused by the CRD.
import { sha256Hex } from '#core/hash.ts';
import { routesConfigMap } from './resources.ts';

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

/** With the key of a runtime's spooled segments. */
export function spoolingSecretName(runtime: string): string {
  return `trino-${runtime}-spooling`;
}

export function serviceAccountName(runtime: string): string {
  return `trino-${runtime}`;
}

export function routeKey(namespace: string, name: string): string {
  return `${namespace}.${name}.json`;
}

/**
 * One hex digit. An entry is some 500 bytes and hardly ever above 3 KiB, so that a shard is far from the 1 MiB of a ConfigMap with
 * thousands of runtimes. More shards would mean more writes, since entries of one shard are written together.
 */
const routeShardCount = 16;

function routeShardName(shard: number): string {
  return shard === 0 ? routesConfigMap : `${routesConfigMap}-${shard}`;
}

/** Every ConfigMap of the route table (design D7). */
export const routeShards: readonly string[] = Array.from({ length: routeShardCount }, (_, shard) => routeShardName(shard));

/** The ConfigMap in which a key belongs: the same for ever, whatever other runtimes there are. */
export function routeShardOf(key: string): string {
  return routeShardName(Number.parseInt(sha256Hex(key, 1), 16));
}

/** `namespace/name` of a route key; a namespace has no dots. */
export function runtimeOfRouteKey(key: string): string {
  return key.replace('.', '/').replace(/\.json$/, '');
}

/** Trino's name of a catalog: the object's name without the prefix of its ConfigMap. Source: reference-api 2.7. */
export function trinoCatalogName(objectName: string): string {
  return objectName.startsWith('trino-catalog-') ? objectName.slice('trino-catalog-'.length) : objectName;
}
