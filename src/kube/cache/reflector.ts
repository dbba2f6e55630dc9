// A reflector keeps a store equal to what the API server holds: list once, then follow the watch. A lost event is impossible:
// the watch resumes after the last version seen, and where that is not possible it lists again and reports the difference.
//
//   list (pages) ──► diff into store ──► watch from version ──► events into store
//     ▲                                    │ ended, reset, silent: watch again from the last version
//     └────────────── 410, 4xx ◄───────────┘
import { fullJitterMs } from '#core/backoff.ts';
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import type { Log } from '#observe/log.ts';
import { isKubeError } from '../errors.ts';
import type { KubeApi, ObjectList, Resource, WatchEvent, Where } from '../port.ts';
import { createStore, keyOf } from './store.ts';
import type { ReadStore } from './store.ts';

export interface ReflectorInit<T extends KubeObject> {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly where: Where;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Drops what nobody reads before it is kept; must keep apiVersion, kind and metadata identity. */
  readonly transform?: (object: T) => T;
}

export interface Reflector<T extends KubeObject> {
  readonly store: ReadStore<T>;
  /** Fulfilled after the first complete list; rejected by `stop` before that. Failures to list are retried, not reported here. */
  readonly synced: Promise<void>;
  start(): void;
  /** Nothing is delivered after this. */
  stop(): void;
}

const pageSize = 500;
/** A server closes watches after 240-300 s and sends bookmarks each minute: longer silence is a dead connection. */
const staleAfterMs = 330_000;
/** A watch that lasted this long was healthy, even without an event: no back-off before the next one. */
const healthyWatchMs = 10_000;
const backoff = { baseMs: 100, maxMs: 30_000 };

export function createReflector<T extends KubeObject>(init: ReflectorInit<T>): Reflector<T> {
  const { api, resource, where, clock, log } = init;
  const stopping = new AbortController();
  const name = { resource: resource.plural, ...where };
  const store = createStore<T>((error) => log.error('a listener of the cache failed', { ...name, error }));
  const synced = Promise.withResolvers<void>();
  // Whoever awaits `synced` sees the rejection; nobody awaiting it is no fault.
  synced.promise.catch(() => undefined);
  let started = false;
  let version: string | undefined;
  let failures = 0;

  function admit(object: T): T {
    const lean = withoutManagedFields(object);
    return freezeDeep(init.transform === undefined ? lean : init.transform(lean));
  }

  async function listAll(): Promise<void> {
    const items: T[] = [];
    let listed: string;
    let next: string | undefined;
    do {
      const options = next === undefined ? { ...where, limit: pageSize } : { ...where, limit: pageSize, continue: next };
      const page: ObjectList<T> = await api.list<T>(resource, options, { signal: stopping.signal });
      for (const item of page.items) items.push(admit(item));
      listed = page.metadata.resourceVersion;
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (next !== undefined && !stopping.signal.aborted);
    if (stopping.signal.aborted) return;
    // Only a complete list is something a watch may continue from.
    version = listed;
    store.replaceAll(items);
    synced.resolve();
  }

  function receive(event: WatchEvent<T>): void {
    if (event.type === 'DELETED') store.remove(keyOf(event.object));
    else if (event.type !== 'BOOKMARK') store.put(admit(event.object));
    version = event.object.metadata.resourceVersion ?? version;
    failures = 0;
  }

  async function follow(from: string): Promise<void> {
    const startedAt = clock.now();
    let heard = false;
    const silence = new AbortController();
    const signal = AbortSignal.any([stopping.signal, silence.signal]);
    let cancelWatchdog = (): void => undefined;
    const feed = (): void => {
      cancelWatchdog();
      cancelWatchdog = clock.after(staleAfterMs, () => {
        log.warn('watch went silent, starting it again', name);
        silence.abort();
      });
    };
    feed();
    try {
      for await (const event of api.watch<T>(resource, { ...where, resourceVersion: from, allowWatchBookmarks: true }, { signal })) {
        if (signal.aborted) break;
        feed();
        heard = true;
        receive(event);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      cancelWatchdog();
    }
    failures = heard || clock.now() - startedAt >= healthyWatchMs ? 0 : failures + 1;
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(delayMs, done);
      stopping.signal.addEventListener('abort', done);
    });
  }

  /** Lists or watches once; true when the next step may follow at once. Never rejects. */
  async function step(): Promise<boolean> {
    try {
      if (version === undefined) {
        await listAll();
        return true;
      }
      await follow(version);
      return failures === 0;
    } catch (error) {
      if (stopping.signal.aborted) return true;
      failures += 1;
      // Only "no answer" and "not now" leave the version good; whatever else the server says, start from a fresh list.
      if (!isKubeError(error, 'Unreachable', 'TooManyRequests', 'ServiceUnavailable', 'Timeout')) version = undefined;
      const expired = isKubeError(error, 'Gone', 'Expired');
      log[expired ? 'debug' : 'warn'](expired ? 'watch version expired, listing again' : 'list or watch failed, will retry', {
        ...name,
        failures,
        error,
      });
      // The first 410 lists at once: a wait would only make the cache older.
      return expired && failures === 1;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const mayGoOn = await step();
      if (!mayGoOn) await pause(fullJitterMs(backoff, failures - 1, init.random));
    }
  }

  return {
    store: store.read,
    synced: synced.promise,
    start() {
      if (started) return;
      started = true;
      void run();
    },
    stop() {
      stopping.abort();
      synced.reject(new Error(`the cache of ${resource.plural} was stopped before its first list`));
    },
  };
}

/** managedFields is about 9 % of the heap of a cache and nobody reads it there (measured, spec/stack.md section 5). */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Frozen parts are taken as frozen all the way down: the embedded API hands out such objects again and again. */
function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freezeDeep(part);
  return Object.freeze(value);
}
