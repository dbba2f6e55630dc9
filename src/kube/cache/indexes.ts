// Finding objects by something else than their key. Pure; what keeps an index true is its owner (fresh-view.ts).
import type { KubeObject } from '#core/objects.ts';

/** The group an object is to be found under; undefined: under none. */
export type GroupOf<T> = (object: T) => string | undefined;

export const byNamespace: GroupOf<KubeObject> = ({ metadata }) => metadata.namespace;

/** 'namespace/value' of a label: the same value in two namespaces is two things. */
export function byLabel(label: string): GroupOf<KubeObject> {
  return ({ metadata: { labels, namespace } }) => {
    const value = labels?.[label];
    return value === undefined || namespace === undefined ? value : `${namespace}/${value}`;
  };
}

export interface Index<T> {
  /** Keys, in order of arrival in the group. */
  keysOf(group: string): readonly string[];
  enter(key: string, object: T): void;
  /** `object` as it entered. */
  leave(key: string, object: T): void;
}

export function createIndex<T>(groupOf: GroupOf<T>): Index<T> {
  const groups = new Map<string, Set<string>>();
  return {
    keysOf: (group) => [...(groups.get(group) ?? [])],
    enter(key, object) {
      const group = groupOf(object);
      if (group === undefined) return;
      const keys = groups.get(group) ?? new Set();
      groups.set(group, keys.add(key));
    },
    leave(key, object) {
      const group = groupOf(object) ?? '';
      const keys = groups.get(group);
      keys?.delete(key);
      if (keys?.size === 0) groups.delete(group);
    },
  };
}
