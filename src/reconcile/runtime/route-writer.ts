// The one writer of the route table: what several runtimes want of one shard while a write of it is under way goes with the next one
// (decision 0019). Writers that meet in one object make the API server do the work of each again and again. Shell.
import type { ConfigMap } from '#core/objects.ts';
import { fieldOwner, gatewayNamespace, routesLabel } from '#apis/v1/resources.ts';
import type { FreshView } from '#kube/cache/fresh-view.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';

export interface RouteWriter {
  /** Fulfilled when the API server has it, rejected with its refusal. Null takes the key away. No other key is touched. */
  write(shard: string, key: string, entry: string | null): Promise<void>;
}

export interface RouteWriterInit {
  readonly api: KubeApi;
  readonly view: Pick<FreshView<ConfigMap>, 'noteWritten'>;
  /** Nothing is written after it. */
  readonly signal: AbortSignal;
}

interface Batch {
  readonly entries: Map<string, string | null>;
  readonly done: PromiseWithResolvers<void>;
}

const manager = { fieldManager: fieldOwner };

export function createRouteWriter({ api, view, signal }: RouteWriterInit): RouteWriter {
  /** To be written when the write under way has ended, by shard. */
  const waiting = new Map<string, Batch>();
  const busy = new Set<string>();

  /** Keys of one shard; the ConfigMap is made when it is missing. */
  async function send(name: string, entries: Batch['entries']): Promise<void> {
    signal.throwIfAborted();
    const where = { namespace: gatewayNamespace, name };
    try {
      const patch = { data: Object.fromEntries(entries) };
      view.noteWritten(await api.patch<ConfigMap>(configMaps, where, 'merge', patch, manager));
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      const data = Object.fromEntries([...entries].filter((entry): entry is [string, string] => entry[1] !== null));
      const shard: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...where, labels: { [routesLabel]: 'true' } }, data };
      view.noteWritten(await api.create(configMaps, shard, manager));
    }
  }

  /** Never rejects: whoever asked hears of the failure. */
  async function drain(shard: string): Promise<void> {
    busy.add(shard);
    for (let batch = waiting.get(shard); batch !== undefined; batch = waiting.get(shard)) {
      waiting.delete(shard);
      await send(shard, batch.entries).then(batch.done.resolve, batch.done.reject);
    }
    busy.delete(shard);
  }

  return {
    write(shard, key, entry) {
      const batch = waiting.get(shard) ?? { entries: new Map<string, string | null>(), done: Promise.withResolvers<void>() };
      batch.entries.set(key, entry);
      waiting.set(shard, batch);
      if (!busy.has(shard)) void drain(shard);
      return batch.done.promise;
    },
  };
}
