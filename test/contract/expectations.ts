// What the cases of the contract expect: failures of a kind, and events of a watch. They wait by watching, never by sleeping.
import assert from 'node:assert/strict';
import type { KubeObject } from '#core/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeReason } from '#kube/errors.ts';
import type { KubeApi, Resource, WatchEvent } from '#kube/port.ts';

export async function fails(work: Promise<unknown>, code: number, reason: KubeReason, message = /./) {
  try {
    await work;
  } catch (error) {
    assert.ok(isKubeError(error), `not a KubeError: ${String(error)}`);
    assert.deepEqual([error.code, error.reason], [code, reason], error.message);
    assert.match(error.message, message);
    return error;
  }
  throw new assert.AssertionError({ message: `expected ${code} ${reason}, but the call succeeded` });
}

export interface OpenWatch {
  /** Type and name of the next event; undefined when the watch has ended. */
  next(): Promise<[string, string] | undefined>;
  stop(): void;
}

export function open(api: KubeApi, resource: Resource, where: Parameters<KubeApi['watch']>[1]): OpenWatch {
  const ended = new AbortController();
  const events = api.watch(resource, where, { signal: ended.signal })[Symbol.asyncIterator]();
  return {
    async next() {
      const result: IteratorResult<WatchEvent<KubeObject>, unknown> = await events.next().catch((error: unknown) => {
        // A client may report the abort as an error or as the end.
        assert.ok(ended.signal.aborted, String(error));
        return { done: true, value: undefined };
      });
      if (result.done === true || result.value.type === 'BOOKMARK') {
        return undefined;
      }
      return [result.value.type, result.value.object.metadata.name];
    },
    stop: () => ended.abort(),
  };
}

/** Waits until some object fulfils the condition. */
export async function until(
  api: KubeApi,
  resource: Resource,
  namespace: string | undefined,
  isReached: (object: KubeObject) => boolean,
): Promise<void> {
  const ended = new AbortController();
  for await (const event of api.watch(resource, namespace === undefined ? {} : { namespace }, { signal: ended.signal })) {
    if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && isReached(event.object)) {
      break;
    }
  }
  ended.abort();
}

/** Waits until exactly this object is deleted. */
export async function gone(api: KubeApi, resource: Resource, object: KubeObject | undefined): Promise<void> {
  assert.ok(object !== undefined);
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const ended = new AbortController();
  const where = {
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: resourceVersion ?? '',
    ...(namespace === undefined ? {} : { namespace }),
  };
  for await (const event of api.watch(resource, where, { signal: ended.signal })) {
    if (event.type === 'DELETED' && event.object.metadata.uid === uid) {
      break;
    }
  }
  ended.abort();
}
