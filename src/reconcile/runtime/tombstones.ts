// Takes REMOVED entries out of the route table when nobody can be asking for their queries any more (design D5, D7), marks entries
// whose runtime went while no operator ran, and ends copies that an operator of before the shards left behind. Shell round pure
// choices; one timer while there is a tombstone.
import type { Clock } from '#core/clock.ts';
import type { ConfigMap } from '#core/objects.ts';
import { routeKey, routeShardOf, runtimeOfRouteKey } from '#apis/v1/names.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { gatewayNamespace, xtrinodes } from '#apis/v1/resources.ts';
import { formatRouteEntry, parseRouteEntry } from '#apis/v1/route-entry.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { changedRouteKeys } from './caches.ts';
import type { RouteWriter } from './route-writer.ts';

/** Longer than any client goes on asking for a page (Go: 10 h by default gives up at its first 404; others within minutes). */
const keepMs = 10 * 60_000;
const retryMs = 5_000;

export interface TombstonesInit {
  readonly api: KubeApi;
  readonly writer: RouteWriter;
  readonly routes: ReadStore<ConfigMap>;
  readonly runtimes: ReadStore<XTrinode>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Orphans {
  /** Keys that are tombstones already. */
  readonly removed: readonly string[];
  /** Keys of runtimes that are gone, with the text that makes them tombstones. */
  readonly toRemove: ReadonlyMap<string, string>;
}

/** Pure: entries of one ConfigMap without a runtime. What cannot be read is left alone. */
export function findOrphans(data: Readonly<Record<string, string>>, runtimes: Pick<ReadStore<XTrinode>, 'get'>): Orphans {
  const removed: string[] = [];
  const toRemove = new Map<string, string>();
  for (const [key, text] of Object.entries(data)) {
    const entry = runtimes.get(runtimeOfRouteKey(key)) === undefined ? parseRouteEntry(text) : undefined;
    if (entry === undefined || typeof entry === 'string') continue;
    if (entry.state === 'REMOVED') removed.push(key);
    else toRemove.set(key, formatRouteEntry({ ...entry, state: 'REMOVED', hosts: [], headerValues: [], isDefault: false }));
  }
  return { removed, toRemove };
}

/** Pure: whether a key of that ConfigMap stands in the shard where it belongs as well. */
export function isStray(key: string, table: string, routes: Pick<ReadStore<ConfigMap>, 'get'>): boolean {
  const home = routeShardOf(key);
  return home !== table && routes.get(`${gatewayNamespace}/${home}`)?.data?.[key] !== undefined;
}

/** Starts when both caches are filled; returns what ends it. */
export function followTombstones({ api, writer, routes, runtimes, clock, log }: TombstonesInit): () => void {
  const timers = new Map<string, () => void>();
  const stopping = new AbortController();

  /** A cache may be behind; a route that is taken away fails queries. So the API server itself is asked. */
  async function isGone(key: string): Promise<boolean> {
    const [namespace = '', name = ''] = runtimeOfRouteKey(key).split('/');
    const where = { namespace, fieldSelector: `metadata.name=${name}` };
    return (await api.list<XTrinode>(xtrinodes, where, { signal: stopping.signal })).items.length === 0;
  }

  async function write(table: string, key: string, text: string | null): Promise<void> {
    if (await isGone(key)) await writer.write(table, key, text);
  }

  /** Does it after the delay, and again while it fails. */
  function schedule(key: string, delayMs: number, work: () => Promise<void>): void {
    if (timers.has(key) || stopping.signal.aborted) return;
    const cancel = clock.after(delayMs, () => {
      work()
        .then(() => timers.delete(key))
        .catch((error: unknown) => {
          timers.delete(key);
          if (stopping.signal.aborted) return;
          log.warn('a route entry without a runtime stays for now', { key, error });
          schedule(key, retryMs, work);
        });
    });
    timers.set(key, cancel);
  }

  function look(keys: readonly string[]): void {
    for (const { metadata, data = {} } of routes.list()) {
      const { name } = metadata;
      const entries = keys.flatMap((key) => (data[key] === undefined ? [] : [[key, data[key]] as const]));
      const { removed, toRemove } = findOrphans(Object.fromEntries(entries), runtimes);
      for (const [key, text] of toRemove) schedule(`${key} ${name}`, 0, () => write(name, key, text));
      for (const key of removed) schedule(`${key} ${name} removed`, keepMs, () => write(name, key, null));
      for (const [key] of entries) if (isStray(key, name, routes)) schedule(`${key} ${name} stray`, 0, () => writer.write(name, key, null));
    }
  }

  const ends = [
    routes.subscribe(({ before, after }) => look(changedRouteKeys(before, after))),
    // Only a deletion can make an orphan; the finalizer normally leaves the tombstone first.
    runtimes.subscribe(({ before, after }) => {
      if (before !== undefined && after === undefined) look([routeKey(before.metadata.namespace ?? 'default', before.metadata.name)]);
    }),
  ];
  look(routes.list().flatMap(({ data = {} }) => Object.keys(data)));
  return () => {
    stopping.abort();
    for (const end of ends) end();
    for (const cancel of timers.values()) cancel();
  };
}
