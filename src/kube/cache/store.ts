// What a reflector knows: the objects by key, frozen, and who wants to hear of changes. The writing half stays with the
// reflector; everybody else sees ReadStore. No I/O.
import type { KubeObject } from '#core/objects.ts';

export interface Change<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export interface ReadStore<T> {
  /** `key` is 'namespace/name', or 'name' for cluster-scoped objects. */
  get(key: string): T | undefined;
  /** The same array until something changes; order is that of first arrival. */
  list(): readonly T[];
  /** Called synchronously, after the store already shows the change. Returns what ends the subscription. */
  subscribe(listener: (change: Change<T>) => void): () => void;
}

export interface Store<T> {
  readonly read: ReadStore<T>;
  put(object: T): void;
  remove(key: string): void;
  /** Makes the store equal to `objects`; listeners hear of every difference, deletions first. */
  replaceAll(objects: readonly T[]): void;
}

export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** `onListenerError` hears what a listener threw: one bad listener must not hide a change from the others. */
export function createStore<T extends KubeObject>(onListenerError: (error: unknown) => void): Store<T> {
  const objects = new Map<string, T>();
  const listeners = new Set<(change: Change<T>) => void>();
  let listed: readonly T[] | undefined;

  function notify(changes: readonly Change<T>[]): void {
    for (const change of changes) {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          onListenerError(error);
        }
      }
    }
  }

  function store(key: string, after: T | undefined): Change<T> | undefined {
    const before = objects.get(key);
    if (before === undefined && after === undefined) return undefined;
    if (before !== undefined && after !== undefined && isSameVersion(before, after)) return undefined;
    if (after === undefined) objects.delete(key);
    else objects.set(key, after);
    listed = undefined;
    return { key, before, after };
  }

  return {
    read: {
      get: (key) => objects.get(key),
      list: () => (listed ??= Object.freeze([...objects.values()])),
      subscribe(listener) {
        // Wrapped, so that subscribing the same function twice gives two independent subscriptions.
        const own = (change: Change<T>): void => listener(change);
        listeners.add(own);
        return () => listeners.delete(own);
      },
    },
    put(object) {
      const change = store(keyOf(object), object);
      if (change !== undefined) notify([change]);
    },
    remove(key) {
      const change = store(key, undefined);
      if (change !== undefined) notify([change]);
    },
    replaceAll(next) {
      const byKey = new Map(next.map((object) => [keyOf(object), object]));
      const gone = [...objects.keys()].filter((key) => !byKey.has(key)).map((key) => store(key, undefined));
      const changed = [...byKey].map(([key, object]) => store(key, object));
      notify([...gone, ...changed].filter((change) => change !== undefined));
    },
  };
}

/** resourceVersion is opaque: equality is the only question one may ask of it. */
function isSameVersion(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.resourceVersion !== undefined &&
    a.metadata.resourceVersion === b.metadata.resourceVersion &&
    a.metadata.uid === b.metadata.uid
  );
}
