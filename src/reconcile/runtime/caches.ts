// The watched state of the cluster that the operator decides on: one reflector per kind, and which runtime each change
// concerns. Shell.
import type { Clock } from '#core/clock.ts';
import type { ConfigMap, Deployment, KubeObject, Lease, Pod, Service } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { demandLabel, gatewayNamespace, routesLabel, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { routeKey } from '#apis/v1/names.ts';
import { createReflector, type Reflector } from '#kube/cache/reflector.ts';
import { keyOf } from '#kube/cache/store.ts';
import type { KubeApi, Resource, Where } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { instanceLabel, managedSelector } from '#render/labels.ts';

export interface Caches {
  readonly runtimes: Reflector<XTrinode>;
  readonly catalogs: Reflector<XTrinodeCatalog>;
  readonly deployments: Reflector<Deployment>;
  readonly configMaps: Reflector<ConfigMap>;
  readonly services: Reflector<Service>;
  readonly serviceAccounts: Reflector<KubeObject>;
  readonly pods: Reflector<Pod>;
  readonly demands: Reflector<Lease>;
  readonly routes: Reflector<ConfigMap>;
  start(): Promise<void>;
  stop(): void;
}

export interface CachesInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export function createCaches(init: CachesInit): Caches {
  const reflect = <T extends KubeObject>(resource: Resource, where: Where): Reflector<T> =>
    createReflector<T>({ ...init, resource, where });
  const managed = { labelSelector: managedSelector };
  const all = {
    runtimes: reflect<XTrinode>(xtrinodes, {}),
    catalogs: reflect<XTrinodeCatalog>(xtrinodeCatalogs, {}),
    deployments: reflect<Deployment>(resources.deployments, managed),
    configMaps: reflect<ConfigMap>(resources.configMaps, managed),
    services: reflect<Service>(resources.services, managed),
    serviceAccounts: reflect<KubeObject>(resources.serviceAccounts, managed),
    pods: reflect<Pod>(resources.pods, managed),
    demands: reflect<Lease>(resources.leases, { labelSelector: demandLabel }),
    routes: reflect<ConfigMap>(resources.configMaps, { namespace: gatewayNamespace, labelSelector: routesLabel }),
  };
  const list = Object.values(all) as readonly Reflector<KubeObject>[];
  return {
    ...all,
    async start() {
      for (const reflector of list) reflector.start();
      await Promise.all(list.map(({ synced }) => synced));
    },
    stop() {
      for (const reflector of list) reflector.stop();
    },
  };
}

/** Calls `enqueue` with `namespace/name` of every runtime that a change may concern. Returns what ends it. */
export function followChanges(caches: Caches, enqueue: (key: string) => void): () => void {
  const ends: (() => void)[] = [];
  const byInstance = (object: KubeObject | undefined): void => {
    const name = object?.metadata.labels?.[instanceLabel];
    if (object !== undefined && name !== undefined) enqueue(`${object.metadata.namespace ?? 'default'}/${name}`);
  };
  for (const reflector of [
    caches.deployments,
    caches.configMaps,
    caches.services,
    caches.serviceAccounts,
    caches.pods,
  ] as readonly Reflector<KubeObject>[]) {
    ends.push(reflector.store.subscribe(({ before, after }) => byInstance(after ?? before)));
  }
  ends.push(
    caches.demands.store.subscribe(({ before, after }) => {
      const lease = after ?? before;
      const name = lease?.metadata.labels?.[demandLabel];
      if (lease !== undefined && name !== undefined) enqueue(`${lease.metadata.namespace ?? 'default'}/${name}`);
    }),
    caches.catalogs.store.subscribe(({ before, after }) => {
      const namespace = (after ?? before)?.metadata.namespace;
      for (const runtime of caches.runtimes.store.list()) if (runtime.metadata.namespace === namespace) enqueue(keyOf(runtime));
    }),
    caches.runtimes.store.subscribe(({ key, before, after }) => {
      enqueue(key);
      // A claim that came or went may decide another runtime's.
      if (JSON.stringify(before?.spec.routing) === JSON.stringify(after?.spec.routing) && before !== undefined && after !== undefined)
        return;
      for (const runtime of caches.runtimes.store.list()) if (runtime.spec.routing !== undefined) enqueue(keyOf(runtime));
    }),
    caches.routes.store.subscribe(({ before, after }) => {
      // Somebody else may have edited or emptied the table: whoever's entry differs looks again.
      for (const runtime of caches.runtimes.store.list()) {
        const key = routeKey(runtime.metadata.namespace ?? 'default', runtime.metadata.name);
        if (before?.data?.[key] !== after?.data?.[key]) enqueue(keyOf(runtime));
      }
    }),
  );
  return () => ends.forEach((end) => end());
}
