// Reading: one object, pages of a list, watches, and the scale view of an object. Objects come out in the version asked
// for, with the defaults of the current schema even when they were stored before those existed.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { SelectorError, matchesLabels, parseLabelSelector } from '#core/selector.ts';
import type { ListOptions, ObjectList, WatchOptions } from '#kube/port.ts';
import { fieldSelection } from './field-selectors.ts';
import { asArray, asObject, asText } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { badRequest, notFound } from './refusals.ts';
import { apiVersionIn, typeId } from './registry.ts';
import type { Served, ServedVersion } from './registry.ts';
import { defaultObject } from './schema-defaults.ts';
import { formatToken, listedVersion, readRevision } from './list-versions.ts';
import type { ListVersion } from './list-versions.ts';
import { keyOf, storeKey } from './store.ts';
import type { Store } from './store.ts';
import { watchStore } from './watch.ts';
import type { AnyEvent } from './watch.ts';

export interface ReadPath {
  /** The stored object as this version shows it. */
  present(served: Served, stored: KubeObject): KubeObject;
  find(served: Served, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Like find, but throws 404. */
  read(served: Served, namespace: string | undefined, name: string): KubeObject;
  /** In order of namespace and name. Throws 400 on a bad selector, 410 on an expired `continue` or version. */
  list(served: Served, where: ListOptions & ListVersion): ObjectList<KubeObject>;
  watch(
    served: Served,
    where: WatchOptions & { readonly endsAtMs?: number },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnyEvent, void, void>;
}

export function createReadPath(store: Store, clock: Clock): ReadPath {
  const presented = new WeakMap<ServedVersion, WeakMap<KubeObject, KubeObject>>();

  function present({ type, version }: Served, stored: KubeObject): KubeObject {
    if (!type.isCustom) {
      return stored;
    }
    let cache = presented.get(version);
    if (cache === undefined) {
      cache = new WeakMap();
      presented.set(version, cache);
    }
    let object = cache.get(stored);
    if (object === undefined) {
      const apiVersion = apiVersionIn(type.group, version.name);
      const defaulted =
        version.schema === undefined ? stored : (defaultObject(version.schema, stored as unknown as JsonObject) as unknown as KubeObject);
      object = defaulted.apiVersion === apiVersion ? defaulted : { ...defaulted, apiVersion };
      cache.set(stored, Object.freeze(object));
    }
    return object;
  }

  const find: ReadPath['find'] = (served, namespace, name) => {
    const stored = store.get(typeId(served.type), storeKey(served.type.namespaced ? namespace : undefined, name));
    return stored === undefined ? undefined : present(served, stored);
  };

  return {
    present,
    find,
    read(served, namespace, name) {
      const object = find(served, namespace, name);
      if (object === undefined) {
        throw notFound(served.type, name);
      }
      return object;
    },
    list(served, where) {
      const isSelected = selectionOf(served, where);
      const { revision, after, objects } = listedVersion(store, typeId(served.type), where);
      const found = objects.filter((object) => keyOf(object) > after && isSelected(object)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      const limit = where.limit === undefined || where.limit <= 0 ? found.length : where.limit;
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const more =
        last !== undefined && found.length > page.length
          ? {
              continue: formatToken(revision, last),
              // as a real API server, which does not count what a selection leaves out
              ...(isUnselected(where) ? { remainingItemCount: found.length - page.length } : {}),
            }
          : {};
      return { metadata: { resourceVersion: String(revision), ...more }, items: page.map((object) => present(served, object)) };
    },
    watch(served, where, signal) {
      const from = readRevision(where.resourceVersion === undefined || where.resourceVersion === '' ? '0' : where.resourceVersion);
      return watchStore(store, clock, {
        typeId: typeId(served.type),
        from: from === 0 ? undefined : from,
        isSelected: selectionOf(served, where),
        present: (object) => present(served, object),
        wantsBookmarks: where.allowWatchBookmarks ?? false,
        endsAtMs: where.endsAtMs,
        signal,
      });
    },
  };
}

/** Throws 400 when a selector cannot be parsed, or asks for a field that the kind does not offer. */
function selectionOf(served: Served, { namespace, labelSelector, fieldSelector }: ListOptions): (object: KubeObject) => boolean {
  try {
    const labels = parseLabelSelector(labelSelector ?? '');
    const hasFields = fieldSelection(served, fieldSelector ?? '');
    return (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      matchesLabels(labels, object.metadata.labels) &&
      hasFields(object);
  } catch (error) {
    if (error instanceof SelectorError) {
      throw badRequest(error.message);
    }
    throw error;
  }
}

function isUnselected({ labelSelector = '', fieldSelector = '' }: ListOptions): boolean {
  return labelSelector === '' && fieldSelector === '';
}

/** Owner uids of an object. */
export function ownerUidsOf(object: KubeObject): readonly string[] {
  return asArray(object.metadata.ownerReferences).map((reference) => asText(asObject(reference)['uid']));
}
