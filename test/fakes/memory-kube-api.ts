// A KubeApi in memory for the tests of this folder: objects, versions, watches, merge patches, graceful deletion of Pods. It
// checks nothing; the embedded API and the contract suite do that.
import type { KubeObject, PodSpec } from '#core/objects.ts';
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from '#core/selector.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi, ObjectKey, Resource, WatchEvent, Where } from '#kube/port.ts';

interface Watcher {
  readonly resource: Resource;
  readonly where: Where;
  readonly queue: WatchEvent<KubeObject>[];
  wake: () => void;
}

export interface MemoryKubeApi extends KubeApi {
  /** Every write so far, as `verb plural name`. */
  readonly writes: readonly string[];
  /** Fulfilled with the first object for which `test` holds. */
  until<T extends KubeObject>(resource: Resource, key: ObjectKey, test: (object: T | undefined) => boolean): Promise<T | undefined>;
}

export function createMemoryKubeApi(): MemoryKubeApi {
  const objects = new Map<string, KubeObject>();
  const watchers = new Set<Watcher>();
  const writes: string[] = [];
  let version = 0;

  const idOf = (resource: Resource, key: ObjectKey): string => `${resource.plural}/${key.namespace ?? ''}/${key.name}`;
  const isIn = (object: KubeObject, where: Where): boolean =>
    (where.namespace === undefined || object.metadata.namespace === where.namespace) &&
    matchesLabels(parseLabelSelector(where.labelSelector ?? ''), object.metadata.labels) &&
    matchesFields(parseFieldSelector(where.fieldSelector ?? ''), object);

  function publish(resource: Resource, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    for (const watcher of watchers) {
      if (watcher.resource.plural !== resource.plural || !isIn(object, watcher.where)) continue;
      watcher.queue.push({ type, object });
      watcher.wake();
    }
  }

  function put(verb: string, resource: Resource, key: ObjectKey, object: KubeObject): KubeObject {
    const before = objects.get(idOf(resource, key));
    version += 1;
    const metadata = {
      uid: `uid-${version}`,
      creationTimestamp: new Date().toISOString(),
      ...object.metadata,
      resourceVersion: String(version),
    };
    const stored = structuredClone({ ...object, metadata });
    writes.push(`${verb} ${resource.plural} ${key.name}`);
    objects.set(idOf(resource, key), stored);
    publish(resource, before === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  }

  function drop(resource: Resource, key: ObjectKey): void {
    const before = objects.get(idOf(resource, key));
    if (before === undefined) return;
    objects.delete(idOf(resource, key));
    version += 1;
    writes.push(`remove ${resource.plural} ${key.name}`);
    publish(resource, 'DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } });
  }

  async function* watch(
    resource: Resource,
    where: Where & { readonly resourceVersion?: string },
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent<KubeObject>> {
    const watcher: Watcher = { resource, where, queue: [], wake: () => undefined };
    const from = where.resourceVersion === undefined || where.resourceVersion === '' ? -1 : Number(where.resourceVersion);
    for (const [id, object] of objects) {
      if (id.startsWith(`${resource.plural}/`) && isIn(object, where) && Number(object.metadata.resourceVersion) > from)
        watcher.queue.push({ type: 'ADDED', object });
    }
    watchers.add(watcher);
    try {
      for (;;) {
        if (signal?.aborted === true) return;
        const next = watcher.queue.shift();
        if (next !== undefined) {
          yield next;
          continue;
        }
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    } finally {
      watchers.delete(watcher);
    }
  }

  const api = {
    writes,
    async get(resource: Resource, key: ObjectKey) {
      return objects.get(idOf(resource, key));
    },
    async list(resource: Resource, where: Where) {
      const items = [...objects]
        .filter(([id, object]) => id.startsWith(`${resource.plural}/`) && isIn(object, where))
        .map(([, object]) => object);
      return { metadata: { resourceVersion: String(version) }, items };
    },
    watch: (resource: Resource, where: Where, options?: { readonly signal?: AbortSignal }) => watch(resource, where, options?.signal),
    async create(resource: Resource, object: KubeObject) {
      if (objects.has(idOf(resource, object.metadata)))
        throw new KubeError({ code: 409, reason: 'AlreadyExists', message: 'already exists' });
      return put('create', resource, object.metadata, object);
    },
    async replace(resource: Resource, object: KubeObject) {
      return put('replace', resource, object.metadata, object);
    },
    async patch(resource: Resource, key: ObjectKey, _type: string, patch: unknown) {
      const before = objects.get(idOf(resource, key));
      if (before === undefined) throw new KubeError({ code: 404, reason: 'NotFound', message: 'not found' });
      return put('patch', resource, key, merge(before, patch) as KubeObject);
    },
    async apply(resource: Resource, object: KubeObject) {
      return put('apply', resource, object.metadata, merge(objects.get(idOf(resource, object.metadata)) ?? {}, object) as KubeObject);
    },
    async remove(resource: Resource, key: ObjectKey, options?: { readonly gracePeriodSeconds?: number }) {
      const before: (KubeObject & { spec?: PodSpec }) | undefined = objects.get(idOf(resource, key));
      const graceSeconds = options?.gracePeriodSeconds ?? before?.spec?.terminationGracePeriodSeconds ?? 30;
      if (before === undefined || resource.kind !== 'Pod' || before.spec?.nodeName === undefined || graceSeconds === 0) {
        drop(resource, key);
        return;
      }
      const deletion = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: graceSeconds };
      put('delete', resource, key, merge(before, { metadata: deletion }) as KubeObject);
    },
    readLog(): AsyncIterable<string> {
      throw new Error('the fake has no logs');
    },
    async until(resource: Resource, key: ObjectKey, test: (object: KubeObject | undefined) => boolean) {
      if (test(objects.get(idOf(resource, key)))) return objects.get(idOf(resource, key));
      const where = {
        fieldSelector: `metadata.name=${key.name}`,
        resourceVersion: String(version),
        ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
      };
      for await (const event of watch(resource, where)) {
        const now = event.type === 'DELETED' ? undefined : (event.object as KubeObject);
        if (test(now)) return now;
      }
      return undefined;
    },
  };
  // the port is generic over kinds; this store is not
  return api as unknown as MemoryKubeApi;
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
