// The watched state of the cluster that the operator decides on: one reflector per kind, seen through views that know our own
// writes, and which runtime each change concerns. Shell.
import type { Clock } from '#core/clock.ts';
import { isEqual } from '#core/equality.ts';
import type { ConfigMap, Deployment, KubeObject, Lease, Pod, Service } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { demandLabel, gatewayNamespace, routesLabel, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { routeReaderLabel } from '#apis/v1/route-reader.ts';
import { runtimeOfRouteKey } from '#apis/v1/names.ts';
import { createFreshView, type FreshView } from '#kube/cache/fresh-view.ts';
import { byLabel, byNamespace, type GroupOf } from '#kube/cache/indexes.ts';
import { createReflector, type CacheTrouble, type Reflector } from '#kube/cache/reflector.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { KubeApi, Resource, Where } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { instanceLabel, managedSelector } from '#render/labels.ts';

export interface Caches {
  readonly runtimes: Watched<XTrinode>;
  /** By namespace. */
  readonly catalogs: Watched<XTrinodeCatalog>;
  /** These four by `namespace/name` of the runtime. */
  readonly deployments: Watched<Deployment>;
  readonly configMaps: Watched<ConfigMap>;
  readonly services: Watched<Service>;
  readonly serviceAccounts: Watched<KubeObject>;
  readonly pods: Watched<Pod>;
  readonly demands: Watched<Lease>;
  /** What gateways say of themselves. */
  readonly gateways: Watched<Lease>;
  /** The shards of the route table. */
  readonly routes: Watched<ConfigMap>;
  start(): Promise<void>;
  stop(): void;
  troubles(): readonly CacheTrouble[];
}

/** `store` tells changes, `view` is what to decide on. */
export interface Watched<T extends KubeObject> {
  readonly store: ReadStore<T>;
  readonly view: FreshView<T>;
}

export interface CachesInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** `namespace/name` of the runtime that an object of ours belongs to. */
const runtimeOf = byLabel(instanceLabel);

export function createCaches(init: CachesInit): Caches {
  const reflectors: Reflector<KubeObject>[] = [];
  function watched<T extends KubeObject>(resource: Resource, where: Where, groupOf?: GroupOf<T>): Watched<T> {
    const reflector = createReflector<T>({ ...init, resource, where });
    reflectors.push(reflector);
    const { store } = reflector;
    return { store, view: createFreshView<T>({ store, clock: init.clock, ...(groupOf === undefined ? {} : { groupOf }) }) };
  }
  const managed = { labelSelector: managedSelector };
  return {
    runtimes: watched<XTrinode>(xtrinodes, {}),
    catalogs: watched<XTrinodeCatalog>(xtrinodeCatalogs, {}, byNamespace),
    deployments: watched<Deployment>(resources.deployments, managed, runtimeOf),
    configMaps: watched<ConfigMap>(resources.configMaps, managed, runtimeOf),
    services: watched<Service>(resources.services, managed, runtimeOf),
    serviceAccounts: watched<KubeObject>(resources.serviceAccounts, managed, runtimeOf),
    pods: watched<Pod>(resources.pods, managed, runtimeOf),
    demands: watched<Lease>(resources.leases, { labelSelector: demandLabel }),
    gateways: watched<Lease>(resources.leases, { namespace: gatewayNamespace, labelSelector: routeReaderLabel }),
    routes: watched<ConfigMap>(resources.configMaps, { namespace: gatewayNamespace, labelSelector: routesLabel }),
    async start() {
      for (const reflector of reflectors) reflector.start();
      await Promise.all(reflectors.map(({ synced }) => synced));
    },
    stop() {
      for (const reflector of reflectors) reflector.stop();
    },
    troubles: () => reflectors.map(({ trouble }) => trouble()).filter((one) => one !== undefined),
  };
}

/** Keys of both tables whose entries differ. */
export function changedRouteKeys(before: ConfigMap | undefined, after: ConfigMap | undefined): string[] {
  const a = before?.data ?? {};
  const b = after?.data ?? {};
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
}

/** What a runtime renders changes with a catalog's spec, not with its status. */
function isOtherSpec(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  const part = (object: KubeObject | undefined): readonly unknown[] => [
    object?.metadata.uid,
    object?.metadata.generation,
    object?.metadata.deletionTimestamp === undefined,
  ];
  return !isEqual(part(before), part(after));
}

/** Calls `enqueue` with `namespace/name` of every runtime that a change may concern. Returns what ends it. */
export function followChanges(caches: Caches, enqueue: (key: string) => void): () => void {
  const ends: (() => void)[] = [];
  const { deployments, configMaps, services, serviceAccounts, pods } = caches;
  for (const { store } of [deployments, configMaps, services, serviceAccounts, pods] as readonly Watched<KubeObject>[]) {
    ends.push(
      store.subscribe(({ before, after }) => {
        const keys = new Set([before, after].map((object) => (object === undefined ? undefined : runtimeOf(object))));
        for (const key of keys) if (key !== undefined) enqueue(key);
      }),
    );
  }
  ends.push(
    caches.demands.store.subscribe(({ before, after }) => {
      const lease = after ?? before;
      const name = lease?.metadata.labels?.[demandLabel];
      if (lease !== undefined && name !== undefined) enqueue(`${lease.metadata.namespace ?? 'default'}/${name}`);
    }),
    caches.catalogs.store.subscribe(({ before, after }) => {
      if (!isOtherSpec(before, after)) return;
      const prefix = `${(after ?? before)?.metadata.namespace ?? 'default'}/`;
      for (const { metadata } of caches.runtimes.store.list()) {
        const key = `${metadata.namespace ?? 'default'}/${metadata.name}`;
        if (key.startsWith(prefix)) enqueue(key);
      }
    }),
    caches.runtimes.store.subscribe(({ key }) => enqueue(key)),
    // Somebody else may have edited or emptied the table: whoever's entry differs looks again.
    caches.routes.store.subscribe(({ before, after }) => {
      for (const key of changedRouteKeys(before, after)) enqueue(runtimeOfRouteKey(key));
    }),
  );
  return () => ends.forEach((end) => end());
}
