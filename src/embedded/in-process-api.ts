// KubeApi straight on the read and write paths, without HTTP in between.
import type { KubeObject } from '#core/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { CallOptions, KubeApi, ObjectKey, ObjectList, PatchType, RemoveOptions, WatchEvent, WriteOptions } from '#kube/port.ts';
import { deleteObject } from './deletion.ts';
import { asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { patchWith } from './patches.ts';
import { notServed } from './refusals.ts';
import type { ServerParts } from './server-parts.ts';
import type { WriteContext } from './decoding.ts';

export function inProcessApi(parts: ServerParts): KubeApi {
  const { registry, reads, writes } = parts;

  function contextOf({ fieldManager, dryRun, fieldValidation = 'Warn' }: WriteOptions): WriteContext {
    return {
      fieldManager,
      isDryRun: dryRun ?? false,
      fieldValidation,
      warn: (message) => parts.log('debug', 'write answered with a warning', { warning: message, fieldManager }),
    };
  }

  function begin(options: CallOptions | undefined): void {
    options?.signal?.throwIfAborted();
  }

  return {
    async get<T extends KubeObject>(resource: Parameters<KubeApi['get']>[0], key: ObjectKey, options?: CallOptions) {
      begin(options);
      return reads.find(registry.resolve(resource), key.namespace, key.name) as T | undefined;
    },
    async list<T extends KubeObject>(
      resource: Parameters<KubeApi['list']>[0],
      where: Parameters<KubeApi['list']>[1],
      options?: CallOptions,
    ) {
      begin(options);
      const whole = reads.list(registry.resolve(resource), where) as ObjectList<T>;
      return where.metadataOnly === true ? { ...whole, items: whole.items.map(headOf) } : whole;
    },
    async *watch<T extends KubeObject>(
      resource: Parameters<KubeApi['watch']>[0],
      where: Parameters<KubeApi['watch']>[1],
      options?: CallOptions,
    ) {
      begin(options);
      const signal = options?.signal === undefined ? parts.stopSignal : AbortSignal.any([options.signal, parts.stopSignal]);
      const events = reads.watch(registry.resolve(resource), where, signal) as AsyncGenerator<WatchEvent<T>, void, void>;
      if (where.metadataOnly !== true) yield* events;
      else for await (const event of events) yield event.type === 'BOOKMARK' ? event : { ...event, object: headOf(event.object) };
    },
    async create(resource, object, options) {
      begin(options);
      await parts.prepare(object);
      return writes.create(
        registry.resolve(resource),
        object.metadata.namespace,
        object as unknown as JsonObject,
        contextOf(options),
      ) as typeof object;
    },
    async replace(resource, object, options) {
      begin(options);
      await parts.prepare(object);
      const { namespace, name } = object.metadata;
      const target = { served: registry.resolve(resource), namespace, name, subresource: options.subresource };
      return writes.replace(target, object as unknown as JsonObject, contextOf(options)) as typeof object;
    },
    async patch<T extends KubeObject>(
      resource: Parameters<KubeApi['patch']>[0],
      key: ObjectKey,
      type: PatchType,
      patch: unknown,
      options: Parameters<KubeApi['patch']>[4],
    ) {
      begin(options);
      await parts.prepare(patch);
      const served = registry.resolve(resource);
      const target = { served, namespace: key.namespace, name: key.name, subresource: options.subresource };
      return writes.update(target, patchWith(served, type, patch), contextOf(options)) as T;
    },
    async apply(resource, object, options) {
      begin(options);
      await parts.prepare(object);
      const { namespace, name } = object.metadata;
      const target = { served: registry.resolve(resource), namespace, name: asText(name), subresource: options.subresource };
      return writes.apply(target, object as unknown as JsonObject, options.force ?? false, contextOf(options)) as typeof object;
    },
    async remove(resource, key, options: RemoveOptions = {}) {
      begin(options);
      try {
        const context = contextOf({ fieldManager: 'in-process' });
        deleteObject(parts, { served: registry.resolve(resource), namespace: key.namespace, name: key.name }, options, context);
      } catch (error) {
        const isAbsent = isKubeError(error, 'NotFound') && isJsonObject(error.details) && error.details['name'] === key.name;
        if (!isAbsent) {
          throw error;
        }
      }
    },
    async *readLog(key, options = {}) {
      const reader = parts.logReader();
      if (reader === undefined) {
        throw notServed('reading logs without a process node');
      }
      yield* reader(key, options);
    },
  };
}

function headOf<T extends KubeObject>({ apiVersion, kind, metadata }: T): T {
  // What is left out is what the caller asked not to get.
  return { apiVersion, kind, metadata } as T;
}
