// Takes REMOVED entries out of the route table when nobody can be asking for their queries any more (design D5, D7), and marks
// entries whose runtime went while no operator ran. Shell round a pure choice; one timer while there is a tombstone.
import type { Clock } from '#core/clock.ts';
import type { ConfigMap } from '#core/objects.ts';
import { routeKey, runtimeOfRouteKey } from '#apis/v1/names.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { fieldOwner, gatewayNamespace, xtrinodes } from '#apis/v1/resources.ts';
import { formatRouteEntry, parseRouteEntry } from '#apis/v1/route-entry.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';

/** Longer than any client goes on asking for a page (Go: 10 h by default gives up at its first 404; others within minutes). */
const keepMs = 10 * 60_000;
const retryMs = 5_000;

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
  const stopping = new AbortController();

  /** A cache may be behind; a route that is taken away fails queries. So the API server itself is asked. */
  async function isGone(key: string): Promise<boolean> {
    const [namespace = '', name = ''] = runtimeOfRouteKey(key).split('/');
    const where = { namespace, fieldSelector: `metadata.name=${name}` };
    return (await api.list<XTrinode>(xtrinodes, where, { signal: stopping.signal })).items.length === 0;
  }

  async function patch(table: string, key: string, text: string | null): Promise<void> {
    if (!(await isGone(key))) return;
    const options = { fieldManager: fieldOwner, signal: stopping.signal };
    await api.patch(configMaps, { namespace: gatewayNamespace, name: table }, 'merge', { data: { [key]: text } }, options);
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

  function look(): void {
    for (const table of routes.list()) {
      const { name } = table.metadata;
      const { removed, toRemove } = findOrphans(table.data ?? {}, runtimes.list());
      for (const [key, text] of toRemove) schedule(key, 0, () => patch(name, key, text));
      for (const key of removed) schedule(`${key} removed`, keepMs, () => patch(name, key, null));
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
    stopping.abort();
    for (const end of ends) end();
    for (const cancel of timers.values()) cancel();
  };
}
