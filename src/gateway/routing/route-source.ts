// Follows the route ConfigMaps and keeps the last good table: a broken entry keeps its former self, an emptied or deleted
// ConfigMap changes nothing, only REMOVED takes an entry away (design D7). Shell.
import type { Clock } from '#core/clock.ts';
import type { ConfigMap } from '#core/objects.ts';
import { routeKey, routeShardOf } from '#apis/v1/names.ts';
import { gatewayNamespace, routesLabel } from '#apis/v1/resources.ts';
import { formatRouteEntry, parseRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import type { Change } from '#kube/cache/store.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { buildRouteTable, emptyTable, keyOfEntry, type RouteTable } from './route-table.ts';

export interface RouteSource {
  readonly table: () => RouteTable;
  /** Called after the table was swapped. */
  subscribe(listener: (table: RouteTable) => void): () => void;
  /** resourceVersion of the newest change that is in the table; undefined where routes have none. */
  version(): string | undefined;
  start(): Promise<void>;
  stop(): void;
}

export interface RouteSourceInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** An entry that is still the same keeps its identity, by which a change is noticed. */
function isSame(entry: RouteEntry | undefined, text: string): boolean {
  return entry !== undefined && formatRouteEntry(entry) === text;
}

/** Pure: the entries after texts have changed, and what was wrong in them. */
export function mergeEntries(
  before: ReadonlyMap<string, RouteEntry>,
  data: Readonly<Record<string, string>>,
): { entries: Map<string, RouteEntry>; problems: string[] } {
  const entries = new Map(before);
  const problems: string[] = [];
  for (const [key, text] of Object.entries(data)) {
    const parsed = parseRouteEntry(text);
    if (typeof parsed === 'string') problems.push(`${key} ${parsed}; its last good version stays in force`);
    else if (routeKey(parsed.namespace, parsed.name) !== key)
      problems.push(
        `${key} is about ${keyOfEntry(parsed)}, which belongs under ${routeKey(parsed.namespace, parsed.name)}; it changes nothing`,
      );
    else if (!isSame(entries.get(keyOfEntry(parsed)), text)) entries.set(keyOfEntry(parsed), parsed);
  }
  return { entries, problems };
}

/**
 * Pure: what a shard says anew. Its other keys are not read again: two shards may hold the same key while an operator moves it, and
 * then the newer word counts, or, for who sees both for the first time, the shard where the key belongs.
 */
export function newsOf(
  before: ConfigMap | undefined,
  after: ConfigMap,
  shardOf: (name: string) => ConfigMap | undefined,
): Readonly<Record<string, string>> {
  const isNews = ([key, text]: readonly [string, string]): boolean => {
    if (before !== undefined) return before.data?.[key] !== text;
    const home = routeShardOf(key);
    return home === after.metadata.name || shardOf(home)?.data?.[key] === undefined;
  };
  return Object.fromEntries(Object.entries(after.data ?? {}).filter(isNews));
}

export function createRouteSource({ api, clock, random, log }: RouteSourceInit): RouteSource {
  const where = { namespace: gatewayNamespace, labelSelector: routesLabel };
  const reflector = createReflector<ConfigMap>({ api, resource: configMaps, where, clock, random, log });
  const listeners = new Set<(table: RouteTable) => void>();
  let entries: ReadonlyMap<string, RouteEntry> = new Map();
  let table = emptyTable;

  function follow({ before, after }: Change<ConfigMap>): void {
    if (after === undefined) {
      log.warn('a route ConfigMap is gone; its routes stay in force', {});
      return;
    }
    const merged = mergeEntries(
      entries,
      newsOf(before, after, (name) => reflector.store.get(`${gatewayNamespace}/${name}`)),
    );
    for (const problem of merged.problems) log.warn('a route entry is not usable', { problem });
    entries = merged.entries;
    table = buildRouteTable(entries.values());
    for (const listener of listeners) listener(table);
  }

  return {
    table: () => table,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: reflector.version,
    async start() {
      reflector.store.subscribe(follow);
      reflector.start();
      await reflector.synced;
    },
    stop() {
      reflector.stop();
    },
  };
}
