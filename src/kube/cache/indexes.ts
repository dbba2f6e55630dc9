// Looking objects up by something else than their key: what indexes a store keeps is a table of functions. Pure.
import type { KubeObject } from '#core/objects.ts';

/** Under which values an object is to be found; none for objects that do not belong into the index. */
export type IndexBy<T> = (object: T) => readonly string[];

export const byNamespace: IndexBy<KubeObject> = ({ metadata }) => (metadata.namespace === undefined ? [] : [metadata.namespace]);

/** By 'namespace/value' of a label: the same value in two namespaces are two things. Without namespace: the value. */
export function byLabel(label: string): IndexBy<KubeObject> {
  return ({ metadata: { labels, namespace } }) => {
    const value = labels?.[label];
    return value === undefined ? [] : [namespace === undefined ? value : `${namespace}/${value}`];
  };
}

/** By the uid of the controlling owner. */
export const byOwner: IndexBy<KubeObject> = ({ metadata }) =>
  (metadata.ownerReferences ?? []).flatMap(({ controller, uid }) => (controller === true ? [uid] : []));

export interface Index<T> {
  get(value: string): readonly T[];
  change(key: string, before: T | undefined, after: T | undefined): void;
}

export function createIndex<T>(by: IndexBy<T>): Index<T> {
  const groups = new Map<string, Map<string, T>>();
  return {
    get: (value) => [...(groups.get(value)?.values() ?? [])],
    change(key, before, after) {
      const now = after === undefined ? [] : by(after);
      for (const value of before === undefined ? [] : by(before)) {
        const group = groups.get(value);
        if (now.includes(value) || group === undefined) continue;
        group.delete(key);
        if (group.size === 0) groups.delete(value);
      }
      for (const value of after === undefined ? [] : now) {
        const group = groups.get(value) ?? new Map<string, T>();
        groups.set(value, group.set(key, after as T));
      }
    },
  };
}
