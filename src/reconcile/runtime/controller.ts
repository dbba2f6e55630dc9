// The shell round a pass: takes the snapshot, lets planRuntime decide, has the plan done, writes the status once if it
// changed, and comes back when the plan says so.
import type { Clock, EpochMs } from '#core/clock.ts';
import { isEqual } from '#core/equality.ts';
import type { KubeObject } from '#core/objects.ts';
import { demandLeaseName, fieldOwner, xtrinodes } from '#apis/v1/resources.ts';
import { routeKey } from '#apis/v1/names.ts';
import type { XTrinode, XTrinodeStatus } from '#apis/v1/objects.ts';
import { parseRouteEntry } from '#apis/v1/route-entry.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { createEventRecorder } from '#kube/control/events.ts';
import { WorkQueue } from '#kube/control/work-queue.ts';
import type { Log } from '#observe/log.ts';
import { instanceLabel } from '#render/labels.ts';
import { createExecutor, describeFailure, ForeignObjectError } from '../execute.ts';
import type { Activity, RuntimeSnapshot } from '../snapshot.ts';
import { createCaches, followChanges, type Caches } from './caches.ts';
import { resolveClaims } from './claims.ts';
import { planRuntime } from './pass.ts';
import { createProber } from './prober.ts';
import { isActivityDue } from './steps/lifecycle.ts';
import { coordinatorUrlOf, instanceOf, podsOf } from './steps/readiness.ts';
import { followTombstones } from './tombstones.ts';
import { readActivity } from './trino-client.ts';

export interface RuntimeController {
  /** Resolves when the caches are filled and the first passes are under way. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RuntimeControllerInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newSecret: () => string;
  readonly log: Log;
}

const concurrency = 4;

export function createRuntimeController({ api, clock, random, newSecret, log }: RuntimeControllerInit): RuntimeController {
  const caches: Caches = createCaches({ api, clock, random, log });
  const queue = new WorkQueue({ clock, random });
  const events = createEventRecorder({ api, clock, component: fieldOwner, log });
  const stopping = new AbortController();
  const prober = createProber({ clock, log, onProof: (key) => queue.add(key) });
  /** What was written and the version it was based on, until the cache has caught up. */
  const written = new Map<string, { readonly basedOn: string | undefined; readonly object: XTrinode }>();
  const published = new Map<string, string>();
  const refusingSince = new Map<string, EpochMs>();
  const foreign = new Map<string, string>();
  const executor = createExecutor({ api, events, newSecret, onRoutePublished: notePublished });
  let endTombstones: (() => void) | undefined;
  let endFollowing: (() => void) | undefined;

  function notePublished(key: string, text: string): void {
    published.set(key, text);
    const entry = parseRouteEntry(text);
    const isRefusing = typeof entry === 'object' && entry.state !== 'RUNNING';
    if (!isRefusing) refusingSince.delete(key);
    else if (!refusingSince.has(key)) refusingSince.set(key, clock.now());
  }

  function publishedRoute(key: string): string | undefined {
    const cached = caches.routes.store
      .list()
      .map(({ data }) => data?.[key])
      .find((text) => text !== undefined);
    if (cached !== undefined && !published.has(key)) notePublished(key, cached);
    return cached;
  }

  function current(key: string): XTrinode | undefined {
    const cached = caches.runtimes.store.get(key);
    const own = written.get(key);
    if (cached === undefined || own === undefined) return cached;
    if (own.basedOn === cached.metadata.resourceVersion) return own.object;
    written.delete(key);
    return cached;
  }

  async function activityOf(runtime: XTrinode, nowMs: EpochMs): Promise<Activity | 'unreachable' | undefined> {
    const coordinator = runtime.status?.coordinator;
    const refused = refusingSince.get(routeKey(runtime.metadata.namespace ?? 'default', runtime.metadata.name));
    if (coordinator === undefined || !isActivityDue(runtime, refused, nowMs)) return undefined;
    return ask(coordinator.url, nowMs);
  }

  async function ask(url: string, nowMs: EpochMs): Promise<Activity | 'unreachable'> {
    try {
      return await readActivity(url, nowMs, stopping.signal);
    } catch (error) {
      log.warn('a coordinator does not tell its queries', { url, error });
      return 'unreachable';
    }
  }

  async function retiringActivity(runtime: XTrinode, nowMs: EpochMs): Promise<ReadonlyMap<string, Activity | 'unreachable'>> {
    const retiring = runtime.status?.retiring ?? [];
    return new Map(await Promise.all(retiring.map(async ({ revision, url }) => [revision, await ask(url, nowMs)] as const)));
  }

  async function observe(runtime: XTrinode, key: string): Promise<RuntimeSnapshot> {
    const { namespace = 'default', name, uid } = runtime.metadata;
    const ours = <T extends KubeObject>(objects: readonly T[]): T[] =>
      objects.filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.ownerReferences?.some((owner) => owner.uid === uid) === true,
      );
    const pods = caches.pods.store
      .list()
      .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[instanceLabel] === name);
    const entryKey = routeKey(namespace, name);
    const nowMs = clock.now();
    const claims = resolveClaims(caches.runtimes.store.list().filter(({ metadata }) => metadata.deletionTimestamp === undefined)).get(key);
    const blocked = foreign.get(key);
    return {
      runtime,
      catalogs: caches.catalogs.store.list().filter(({ metadata }) => metadata.namespace === namespace),
      owned: {
        deployments: ours(caches.deployments.store.list()),
        configMaps: ours(caches.configMaps.store.list()),
        services: ours(caches.services.store.list()),
        serviceAccounts: ours(caches.serviceAccounts.store.list()),
      },
      foreign: blocked === undefined ? [] : [blocked],
      pods,
      demand: caches.demands.store.get(`${namespace}/${demandLeaseName(name)}`),
      claims: claims ?? { routingGroup: `${namespace}--${name}`, hosts: [], headerValues: [key], isDefault: false, lost: [] },
      publishedRoute: publishedRoute(entryKey),
      refusingSince: refusingSince.get(entryKey),
      proof: prober.proofOf(key),
      activity: await activityOf(runtime, nowMs),
      retiringActivity: await retiringActivity(runtime, nowMs),
      nowMs,
    };
  }

  function liveOf(seen: RuntimeSnapshot): (object: KubeObject) => KubeObject | undefined {
    const all: readonly KubeObject[] = Object.values(seen.owned).flat();
    return ({ kind, metadata }) => all.find((object) => object.kind === kind && object.metadata.name === metadata.name);
  }

  async function writeStatus(key: string, runtime: XTrinode, status: XTrinodeStatus): Promise<void> {
    const { lastActivity: _before, ...before } = runtime.status ?? {};
    const { lastActivity: _after, ...after } = status;
    if (isEqual(before, after)) return;
    const { name, namespace } = runtime.metadata;
    const object = {
      apiVersion: runtime.apiVersion,
      kind: runtime.kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      status,
    };
    const result = await api.apply<KubeObject>(xtrinodes, object, { fieldManager: fieldOwner, force: true, subresource: 'status' });
    written.set(key, { basedOn: caches.runtimes.store.get(key)?.metadata.resourceVersion, object: result as XTrinode });
  }

  function followProof(seen: RuntimeSnapshot, key: string, revision: string | undefined, isAwake: boolean): void {
    const pod =
      revision === undefined || !isAwake
        ? undefined
        : podsOf(seen.pods, revision, 'coordinator').find((one) => instanceOf(one) !== undefined);
    const instance = pod === undefined ? undefined : instanceOf(pod);
    prober.watch(key, pod === undefined || instance === undefined ? undefined : { instance, url: coordinatorUrlOf(pod) });
  }

  function forget(key: string): void {
    prober.watch(key, undefined);
    written.delete(key);
    foreign.delete(key);
  }

  async function reconcile(key: string): Promise<void> {
    const runtime = current(key);
    if (runtime === undefined) {
      forget(key);
      return;
    }
    const seen = await observe(runtime, key);
    const plan = planRuntime(seen);
    try {
      await executor.run(runtime, plan.actions, liveOf(seen));
    } catch (error) {
      if (!(error instanceof ForeignObjectError)) throw error;
      foreign.set(key, error.object);
      queue.addAfter(key, 0);
      return;
    }
    if (plan.status !== undefined) {
      followProof(seen, key, plan.status.currentRevision, plan.status.lifecycle?.desired === 'Awake');
      await writeStatus(key, runtime, plan.status);
    }
    if (seen.foreign.length > 0) {
      // Look again whether the name has become free.
      foreign.delete(key);
      queue.addAfter(key, 30_000);
    }
    if (plan.againInMs !== undefined) queue.addAfter(key, plan.againInMs);
  }

  function onError(key: string, error: unknown): void {
    if (isKubeError(error, 'Conflict', 'NotFound')) return;
    log.warn('a pass failed and is tried again', { runtime: key, error });
    const runtime = caches.runtimes.store.get(key);
    if (runtime !== undefined)
      events.record({ object: runtime, type: 'Warning', reason: 'ReconcileError', message: `will try again: ${describeFailure(error)}` });
  }

  return {
    async start() {
      endFollowing = followChanges(caches, (key) => queue.add(key));
      queue.run({ concurrency, process: reconcile, onError });
      await caches.start();
      endTombstones = followTombstones({ api, routes: caches.routes.store, runtimes: caches.runtimes.store, clock, log });
    },
    async stop() {
      stopping.abort();
      endFollowing?.();
      endTombstones?.();
      prober.stop();
      await queue.stop();
      caches.stop();
      events.stop();
    },
  };
}
