// Takes REMOVED entries out of the route table when nobody can be asking for their queries any more (design D5, D7), and marks
// entries whose runtime went while no operator ran. Shell round a pure choice; one timer while there is a tombstone.
import type { Clock } from '#core/clock.ts';
import type { ConfigMap } from '#core/objects.ts';
import { routeKey } from '#apis/v1/names.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { fieldOwner } from '#apis/v1/resources.ts';
import { formatRouteEntry, parseRouteEntry } from '#apis/v1/route-entry.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';

/** Longer than any client goes on asking for a page (Go: 10 h by default gives up at its first 404; others within minutes). */
const keepMs = 10 * 60_000;

export interface TombstonesInit {
  readonly api: KubeApi;
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
export function findOrphans(data: Readonly<Record<string, string>>, runtimes: readonly XTrinode[]): Orphans {
  const known = new Set(runtimes.map(({ metadata }) => routeKey(metadata.namespace ?? 'default', metadata.name)));
  const removed: string[] = [];
  const toRemove = new Map<string, string>();
  for (const [key, text] of Object.entries(data)) {
    const entry = known.has(key) ? undefined : parseRouteEntry(text);
    if (entry === undefined || typeof entry === 'string') continue;
    if (entry.state === 'REMOVED') removed.push(key);
    else toRemove.set(key, formatRouteEntry({ ...entry, state: 'REMOVED', hosts: [], headerValues: [], isDefault: false }));
  }
  return { removed, toRemove };
}

/** Starts when both caches are filled; returns what ends it. */
export function followTombstones({ api, routes, runtimes, clock, log }: TombstonesInit): () => void {
  const timers = new Map<string, () => void>();

  function patch(table: ConfigMap, data: Readonly<Record<string, string | null>>): void {
    const { name, namespace } = table.metadata;
    api
      .patch(configMaps, { name, ...(namespace === undefined ? {} : { namespace }) }, 'merge', { data }, { fieldManager: fieldOwner })
      .catch((error: unknown) => log.warn('a route entry without a runtime stays for now', { keys: Object.keys(data), error }));
  }

  function look(): void {
    for (const table of routes.list()) {
      const { removed, toRemove } = findOrphans(table.data ?? {}, runtimes.list());
      if (toRemove.size > 0) patch(table, Object.fromEntries(toRemove));
      for (const key of removed) {
        if (timers.has(key)) continue;
        const cancel = clock.after(keepMs, () => {
          timers.delete(key);
          const isStill = findOrphans(table.data ?? {}, runtimes.list()).removed.includes(key);
          if (isStill) patch(table, { [key]: null });
        });
        timers.set(key, cancel);
      }
    }
  }

  const ends = [
    routes.subscribe(look),
    // Only a deletion can make an orphan; the finalizer normally leaves the tombstone first.
    runtimes.subscribe(({ after }) => {
      if (after === undefined) look();
    }),
  ];
  look();
  return () => {
    for (const end of ends) end();
    for (const cancel of timers.values()) cancel();
  };
}
