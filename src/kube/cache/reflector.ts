// A reflector keeps a store equal to what the API server holds: list once, then follow the watch. A lost event is impossible:
// the watch resumes after the last version seen, and where that is not possible it lists again and reports the difference.
//
//   list (pages) ──► diff into store ──► watch from version ──► events into store
//     ▲                                    │ ended, reset, silent, refused: watch again from the last version
//     └──── the version is gone (410) ◄────┘
import { fullJitterMs } from '#core/backoff.ts';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import { isKubeError, KubeError } from '../errors.ts';
import type { KubeApi, Resource, WatchEvent, Where } from '../port.ts';
import { freezeDeep, withoutBulk } from './lean.ts';
import { listAll } from './list-all.ts';
import { createStore, keyOf } from './store.ts';
import type { ReadStore } from './store.ts';
import { isOlderVersion } from './version.ts';

export interface ReflectorInit<T extends KubeObject> {
  readonly api: KubeApi;
  readonly resource: Resource;
  /** `metadataOnly` makes the objects `apiVersion`, `kind` and `metadata`: a fifth of the memory of Pods. */
  readonly where: Where;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Drops what nobody reads before it is kept; must keep apiVersion, kind and metadata identity. */
  readonly transform?: (object: T) => T;
}

/** A cache that does not follow the server. */
export interface CacheTrouble {
  readonly resource: string;
  readonly since: EpochMs;
  /** What the last try failed with, for a person. */
  readonly why: string;
}

export interface Reflector<T extends KubeObject> {
  readonly store: ReadStore<T>;
  /** resourceVersion of the newest that listeners of the store have heard; undefined before the first list. */
  version(): string | undefined;
  /** Undefined while it follows. After a failure it follows when something has come, or a watch has lasted; at most a minute late. */
  trouble(): CacheTrouble | undefined;
  /** Fulfilled after the first complete list; rejected by `stop` before that. Failures to list are retried, not reported here. */
  readonly synced: Promise<void>;
  start(): void;
  /** Nothing is delivered after this. */
  stop(): void;
}

/** A server ends watches after 600 s at most: longer silence is a dead connection. */
const silenceMs = 660_000;
/** A server that sends bookmarks sends one a minute, give or take: four that do not come are a dead connection. */
const silenceAfterBookmarkMs = 240_000;
/** A watch that lasted this long was healthy, even without an event: no back-off before the next one. */
const healthyWatchMs = 10_000;
/** And this long it is there: a server that takes calls and answers nothing is given up after 65 s by the client. */
const openWatchMs = 75_000;
/** Of one server that is away; then a try each quarter of a minute on average. */
const backoff = { baseMs: 100, maxMs: 30_000 };
/** A restarted server tells all its watchers at once that their versions are gone: their lists are spread from the first on. */
const relistBackoff = { baseMs: 1_000, maxMs: 30_000 };
/** A list that is older than what was seen before is refused this long; then it is the truth: a backup was restored. */
const refuseOlderMs = 60_000;
/** Of failures in a row the first is told, and then one of so many. */
const toldEvery = 20;

export function createReflector<T extends KubeObject>(init: ReflectorInit<T>): Reflector<T> {
  const { api, resource, where, clock, log, random } = init;
  const stopping = new AbortController();
  const name = { resource: resource.plural, ...where };
  const store = createStore<T>((error) => log.error('a listener of the cache failed', { ...name, error }));
  const synced = Promise.withResolvers<void>();
  // Whoever awaits `synced` sees the rejection; nobody awaiting it is no fault.
  synced.promise.catch(() => undefined);
  let started = false;
  let version: string | undefined;
  /** The newest version ever seen, and since when lists have been older than it. */
  let newest: string | undefined;
  let olderSince: EpochMs | undefined;
  /** In a row; an event or a watch that lasted ends the row. */
  let failures = 0;
  let isOutageTold = false;
  let trouble: CacheTrouble | undefined;

  function admit(object: T): T {
    const lean = withoutBulk(object);
    return freezeDeep(init.transform === undefined ? lean : init.transform(lean));
  }

  async function list(): Promise<void> {
    const whole = await listAll<T>(api, resource, where, { signal: stopping.signal }, admit);
    if (stopping.signal.aborted) return;
    refuseOlder(whole.resourceVersion);
    newest = whole.resourceVersion;
    version = whole.resourceVersion;
    trouble = undefined;
    store.replaceAll(whole.items);
    synced.resolve();
  }

  /** Throws for a list from before our last event: what was made since would look deleted. */
  function refuseOlder(listed: string): void {
    olderSince = isOlderVersion(listed, newest) ? (olderSince ?? clock.now()) : undefined;
    if (olderSince === undefined || clock.now() - olderSince >= refuseOlderMs) return;
    const message = `the list of ${resource.plural} is of version ${listed}, older than ${newest ?? ''}, which was seen before`;
    throw new KubeError({ code: 503, reason: 'ServiceUnavailable', message });
  }

  function receive(event: WatchEvent<T>): void {
    if (event.type === 'DELETED') store.remove(keyOf(event.object));
    else if (event.type !== 'BOOKMARK') store.put(admit(event.object));
    version = event.object.metadata.resourceVersion ?? version;
    newest = version;
    failures = 0;
    trouble = undefined;
  }

  async function follow(from: string): Promise<void> {
    const startedAt = clock.now();
    let isHealthy = false;
    let limitMs = silenceMs;
    const silence = new AbortController();
    const signal = AbortSignal.any([stopping.signal, silence.signal]);
    let cancelWatchdog = (): void => undefined;
    const feed = (): void => {
      cancelWatchdog();
      cancelWatchdog = clock.after(limitMs, () => {
        log.warn('watch went silent, starting it again', { ...name, silentMs: limitMs });
        silence.abort();
      });
    };
    feed();
    const cancelOpen = clock.after(openWatchMs, () => (trouble = undefined));
    try {
      for await (const event of api.watch<T>(resource, { ...where, resourceVersion: from, allowWatchBookmarks: true }, { signal })) {
        if (signal.aborted) break;
        if (event.type === 'BOOKMARK') limitMs = silenceAfterBookmarkMs;
        feed();
        isHealthy = true;
        receive(event);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      cancelWatchdog();
      cancelOpen();
    }
    failures = isHealthy || clock.now() - startedAt >= healthyWatchMs ? 0 : failures + 1;
  }

  /** Lists or watches once; how long to wait before the next step, in ms. Never rejects. */
  async function step(): Promise<number> {
    try {
      if (version === undefined) {
        await list();
        // At once: a wait would only make the list older.
        return 0;
      }
      await follow(version);
      return failures === 0 ? 0 : fullJitterMs(backoff, failures - 1, random);
    } catch (error) {
      return stopping.signal.aborted ? 0 : waitAfter(error);
    }
  }

  function waitAfter(error: unknown): number {
    const isGone = version !== undefined && isVersionGone(error);
    const why = error instanceof Error ? error.message : String(error);
    trouble = { resource: resource.plural, since: trouble?.since ?? clock.now(), why };
    if (failures === 0) isOutageTold = false;
    failures += 1;
    if (isGone) {
      version = undefined;
      if (isAheadOfServer(error)) newest = undefined;
      log.debug('the watched version is gone, listing again', { ...name, failures, error });
      return fullJitterMs(relistBackoff, failures - 1, random);
    }
    // A long outage is not a long log.
    log[isOutageTold && failures % toldEvery !== 0 ? 'debug' : 'warn']('list or watch failed, will retry', { ...name, failures, error });
    isOutageTold = true;
    const namedMs = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    return namedMs + fullJitterMs(backoff, failures - 1, random);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waitMs = await step();
      if (waitMs > 0) await pause(clock, waitMs, stopping.signal);
    }
  }

  return {
    store: store.read,
    version: () => newest,
    trouble: () => trouble,
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

/** Etcd was restored from a backup: the server's versions begin before ours. */
function isAheadOfServer(error: unknown): boolean {
  return error instanceof KubeError && error.causes.some((cause) => cause.reason === 'ResourceVersionTooLarge');
}

/**
 * Only then a new list helps. A server that is away, overloaded or refuses us for a while (a token that is being replaced, a
 * role that is missing) leaves the version good, and hundreds of watchers must not list all they have when it is back.
 */
function isVersionGone(error: unknown): boolean {
  // The server forgot it (410), never had it, cannot read it, or serves the resource no more.
  return isAheadOfServer(error) || isKubeError(error, 'Gone', 'Expired', 'BadRequest', 'Invalid', 'NotFound');
}
