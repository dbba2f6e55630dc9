// All objects in memory, each change durable before it is visible. One counter gives every change its resourceVersion.
// It knows no rules: the write path decides what is written.
import type { KubeObject } from '#core/objects.ts';
import { History } from './history.ts';
import type { Change } from './history.ts';
import { freezeJson } from './json-values.ts';
import type { Persistence } from './persistence.ts';

export type Listener = (change: Change) => void;

export function storeKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

export function keyOf(object: KubeObject): string {
  return storeKey(object.metadata.namespace, object.metadata.name);
}

export class Store {
  readonly #persistence: Persistence;
  readonly #byType = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<Listener>();
  readonly history: History;
  #revision: number;

  /** `historyCapacity` is the least number of changes that are remembered. */
  constructor(persistence: Persistence, historyCapacity?: number) {
    this.#persistence = persistence;
    // Resource versions start above 0, because 0 means "any" in the Kubernetes API.
    this.#revision = Math.max(1, persistence.revision);
    this.history = new History(this.#revision, historyCapacity);
    for (const { type, key, body } of persistence.takeRows()) {
      this.#objects(type).set(key, freezeJson(JSON.parse(body) as KubeObject));
    }
  }

  get revision(): number {
    return this.#revision;
  }

  get(typeId: string, key: string): KubeObject | undefined {
    return this.#byType.get(typeId)?.get(key);
  }

  /** In no particular order. */
  values(typeId: string): Iterable<KubeObject> {
    return this.#byType.get(typeId)?.values() ?? [];
  }

  /** As they were at that revision, in no particular order; undefined when that is forgotten. */
  valuesAt(typeId: string, revision: number): readonly KubeObject[] | undefined {
    const since = this.history.since(revision);
    const objects = new Map(this.#byType.get(typeId));
    for (const { typeId: changed, object, previous } of since?.toReversed() ?? []) {
      if (changed !== typeId) continue;
      if (previous === undefined) objects.delete(keyOf(object));
      else objects.set(keyOf(object), previous);
    }
    return since === undefined ? undefined : [...objects.values()];
  }

  typeIds(): readonly string[] {
    return [...this.#byType.keys()];
  }

  /** Stores an object under the next resourceVersion and returns it, frozen. Throws KubeError 500 when it cannot be made durable. */
  put(typeId: string, object: KubeObject): KubeObject {
    return this.#commit(typeId, object, false);
  }

  /** Removes an object; `last` is what watchers of the deletion see. */
  delete(typeId: string, last: KubeObject): KubeObject {
    return this.#commit(typeId, last, true);
  }

  /** Called synchronously after each change. Returns what ends it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#persistence.close();
  }

  #commit(typeId: string, object: KubeObject, isDeletion: boolean): KubeObject {
    const revision = this.#revision + 1;
    const key = keyOf(object);
    const stored: KubeObject = freezeJson({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    this.#persistence.commit([isDeletion ? { type: typeId, key } : { type: typeId, key, body: JSON.stringify(stored) }], revision);
    const objects = this.#objects(typeId);
    const previous = objects.get(key);
    if (isDeletion) {
      objects.delete(key);
    } else {
      objects.set(key, stored);
    }
    this.#revision = revision;
    const change: Change = { revision, typeId, object: stored, previous, isDeletion };
    this.history.add(change);
    for (const listener of this.#listeners) {
      listener(change);
    }
    return stored;
  }

  #objects(typeId: string): Map<string, KubeObject> {
    let objects = this.#byType.get(typeId);
    if (objects === undefined) {
      objects = new Map();
      this.#byType.set(typeId, objects);
    }
    return objects;
  }
}
