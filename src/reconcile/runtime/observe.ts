// Takes the snapshot of one runtime that a pass decides on: caches, what the prober knows, and what coordinators say when that is due.
// Shell; it writes nothing.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { ConfigMap, KubeObject, Lease } from '#core/objects.ts';
import { findDemandProblem } from '#apis/v1/demand-lease.ts';
import { demandLeaseName, gatewayNamespace } from '#apis/v1/resources.ts';
import { routeKey, routeShardOf, routeShards } from '#apis/v1/names.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { readCatalog, type RuntimeReader } from '#apis/v1/read-objects.ts';
import { routeReaderOf } from '#apis/v1/route-reader.ts';
import { parseRouteEntry, type RouteEntry } from '#apis/v1/route-entry.ts';
import type { FreshView } from '#kube/cache/fresh-view.ts';
import { isOlderVersion } from '#kube/cache/version.ts';
import type { Log } from '#observe/log.ts';
import type { Activity, ForeignObject, GatewayWord, RuntimeSnapshot } from '../snapshot.ts';
import type { Caches } from './caches.ts';
import type { ClaimsIndex } from './claims-index.ts';
import type { Prober } from './prober.ts';
import { isActivityDue } from './steps/lifecycle.ts';
import type { Coordinators } from './trino-client.ts';

export interface ObserverInit {
  readonly caches: Caches;
  readonly read: RuntimeReader;
  readonly claims: ClaimsIndex;
  readonly prober: Prober;
  readonly coordinators: Coordinators;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends what is asked of coordinators. */
  readonly signal: AbortSignal;
}

export interface Observer {
  snapshot(object: XTrinode, foreign: ForeignObject | undefined): Promise<RuntimeSnapshot>;
  /** A route entry as it is from now on. */
  noteRoute(key: string, text: string | undefined): RouteEntry | undefined;
}

export function createObserver({ caches, read, claims, prober, coordinators, clock, log, signal }: ObserverInit): Observer {
  const refusing = new Map<string, Refusal>();

  function noteRoute(key: string, text: string | undefined): RouteEntry | undefined {
    const parsed = text === undefined ? undefined : parseRouteEntry(text);
    const entry = typeof parsed === 'object' ? parsed : undefined;
    if (entry === undefined || entry.state === 'RUNNING') refusing.delete(key);
    else if (!refusing.has(key)) refusing.set(key, { since: clock.now(), version: versionOf(routeShardOf(key)) });
    return entry;
  }

  function versionOf(shard: string): string | undefined {
    return caches.routes.view.get(`${gatewayNamespace}/${shard}`)?.metadata.resourceVersion;
  }

  function listenToGateways(refusal: Refusal | undefined): readonly GatewayWord[] {
    const readers = caches.gateways.store.list().map(routeReaderOf);
    return readers
      .filter((reader) => reader !== undefined)
      .map(({ gateway, appliedVersion, endsAt }) => ({
        name: gateway,
        refuses: refusal !== undefined && isAsNew(appliedVersion, refusal.version),
        endsAt,
      }));
  }

  function readDemand(lease: Lease | undefined): Lease | undefined {
    const problem = lease === undefined ? undefined : findDemandProblem(lease);
    if (problem !== undefined) log.warn('a demand cannot be read', { problem });
    return problem === undefined ? lease : undefined;
  }

  async function ask(url: string, nowMs: EpochMs): Promise<Activity | 'unreachable'> {
    try {
      return await coordinators.readActivity(url, nowMs, signal);
    } catch (error) {
      log.warn('a coordinator does not tell its queries', { url, error });
      return 'unreachable';
    }
  }

  async function activityOf(runtime: XTrinode, refused: EpochMs | undefined, nowMs: EpochMs): Promise<RuntimeSnapshot['activity']> {
    const coordinator = runtime.status?.coordinator;
    if (coordinator === undefined || !isActivityDue(runtime, refused, nowMs)) return undefined;
    return ask(coordinator.url, nowMs);
  }

  async function retiringActivity(runtime: XTrinode, nowMs: EpochMs): Promise<RuntimeSnapshot['retiringActivity']> {
    const retiring = runtime.status?.retiring ?? [];
    return new Map(await Promise.all(retiring.map(async ({ revision, url }) => [revision, await ask(url, nowMs)] as const)));
  }

  return {
    noteRoute,
    async snapshot(object, foreign) {
      const { runtime, problems } = read(object);
      const { namespace = 'default', name, uid } = runtime.metadata;
      const key = `${namespace}/${name}`;
      const owned = <T extends KubeObject>(view: FreshView<T>): T[] =>
        view.listOf(key).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);
      const entryKey = routeKey(namespace, name);
      const nowMs = clock.now();
      const publishedRoute = entryIn(caches.routes.view, routeShardOf(entryKey), entryKey);
      const publishedEntry = noteRoute(entryKey, publishedRoute ?? strayEntry(caches.routes.view, entryKey));
      const refusal = refusing.get(entryKey);
      const refused = refusal?.since;
      return {
        runtime,
        specProblems: problems,
        catalogs: caches.catalogs.view.listOf(namespace).map(readCatalog),
        owned: {
          deployments: owned(caches.deployments.view),
          configMaps: owned(caches.configMaps.view),
          services: owned(caches.services.view),
          serviceAccounts: owned(caches.serviceAccounts.view),
        },
        foreign,
        pods: caches.pods.view.listOf(key),
        demand: readDemand(caches.demands.view.get(`${namespace}/${demandLeaseName(name)}`)),
        claims: claims.of(key) ?? { routingGroup: `${namespace}--${name}`, hosts: [], headerValues: [key], isDefault: false, lost: [] },
        publishedRoute,
        publishedEntry,
        refusingSince: refused,
        // Before the coordinator is asked: what gateways sent until then it knows.
        gateways: listenToGateways(refusal),
        proof: prober.proofOf(key),
        activity: await activityOf(runtime, refused, nowMs),
        retiringActivity: await retiringActivity(runtime, nowMs),
        nowMs,
      };
    },
  };
}

interface Refusal {
  readonly since: EpochMs;
  /** Of the ConfigMap that says it; all changes of the route table up to it are in the table of a gateway that has applied it. */
  readonly version: string | undefined;
}

/** Versions that do not compare as numbers count when they are the same. */
function isAsNew(applied: string, version: string | undefined): boolean {
  return version !== undefined && (applied === version || isOlderVersion(version, applied));
}

function entryIn(routes: FreshView<ConfigMap>, shard: string, key: string): string | undefined {
  return routes.get(`${gatewayNamespace}/${shard}`)?.data?.[key];
}

/** What an operator of before the shards has written: of use as evidence, but not where it belongs. */
function strayEntry(routes: FreshView<ConfigMap>, key: string): string | undefined {
  return routeShards.map((shard) => entryIn(routes, shard, key)).find((text) => text !== undefined);
}
