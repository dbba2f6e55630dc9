// A cache that shows our own writes at once: what the API server answered stands until the watch has caught up with it. So no pass
// decides on a state that this very process has already left behind. Also an index: objects by group.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { createIndex, type GroupOf } from './indexes.ts';
import { keyOf, type ReadStore } from './store.ts';
import { isOlderVersion } from './version.ts';

export interface FreshView<T extends KubeObject> {
  get(key: string): T | undefined;
  /** In order of first arrival. */
  listOf(group: string): readonly T[];
  /** An object as the API server answered it to a write of ours. */
  noteWritten(object: T): void;
  noteRemoved(object: T): void;
}

export interface FreshViewInit<T extends KubeObject> {
  readonly store: ReadStore<T>;
  readonly clock: Clock;
  /** Undefined: in no group. An object never changes its group. */
  readonly groupOf?: GroupOf<T>;
}

interface OwnWrite<T> {
  readonly object: T;
  readonly isRemoved: boolean;
  readonly at: EpochMs;
}

/**
 * An object of ours that the cache does not show after this long has been deleted since, between two lists; a removed one that it
 * still shows has not gone. Longer than a watch takes to deliver.
 */
const believedMs = 30_000;
/** Longer than the longest silence of a watch; a cache that is still behind then never catches up: etcd was restored. */
const longestMs = 15 * 60_000;

export function createFreshView<T extends KubeObject>({ store, clock, groupOf = () => undefined }: FreshViewInit<T>): FreshView<T> {
  const own = new Map<string, OwnWrite<T>>();
  const groups = createIndex<T>(groupOf);

  /** Whether the cache has reached our write or gone beyond it. */
  function isCaughtUp({ object, isRemoved }: OwnWrite<T>, cached: T | undefined): boolean {
    if (isRemoved) return cached?.metadata.uid !== object.metadata.uid;
    return cached !== undefined && !isOlderVersion(cached.metadata.resourceVersion, object.metadata.resourceVersion);
  }

  for (const object of store.list()) groups.enter(keyOf(object), object);
  store.subscribe(({ key, before, after }) => {
    const write = own.get(key);
    if (write !== undefined && isCaughtUp(write, after)) own.delete(key);
    if (after !== undefined) groups.enter(key, after);
    else if (before !== undefined && !own.has(key)) groups.leave(key, before);
  });

  function get(key: string): T | undefined {
    const cached = store.get(key);
    const write = own.get(key);
    if (write === undefined) return cached;
    const limitMs = write.isRemoved || cached === undefined ? believedMs : longestMs;
    const isLost = clock.now() - write.at > limitMs;
    if (!isLost && !isCaughtUp(write, cached)) return write.isRemoved ? undefined : write.object;
    own.delete(key);
    if (cached === undefined) groups.leave(key, write.object);
    return cached;
  }

  return {
    get,
    listOf: (group) => groups.keysOf(group).flatMap((key) => get(key) ?? []),
    noteWritten(object) {
      const key = keyOf(object);
      const write = { object, isRemoved: false, at: clock.now() };
      if (isCaughtUp(write, store.get(key))) return;
      const before = own.get(key);
      // Answers may overtake each other.
      if (before !== undefined && isOlderVersion(object.metadata.resourceVersion, before.object.metadata.resourceVersion)) return;
      own.set(key, write);
      groups.enter(key, object);
    },
    noteRemoved(object) {
      const key = keyOf(object);
      const cached = store.get(key);
      if (cached?.metadata.uid === object.metadata.uid) own.set(key, { object, isRemoved: true, at: clock.now() });
      else own.delete(key);
      if (cached === undefined) groups.leave(key, object);
    },
  };
}
