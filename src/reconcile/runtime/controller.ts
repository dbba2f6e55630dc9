// The shell round a pass: takes the snapshot, lets planRuntime decide, has the plan done, writes the status once if it
// changed, and comes back when the plan says so.
import type { Clock, EpochMs } from '#core/clock.ts';
import { fieldOwner } from '#apis/v1/resources.ts';
import type { XTrinode, XTrinodeStatus } from '#apis/v1/objects.ts';
import { createRuntimeReader } from '#apis/v1/read-objects.ts';
import { isKubeError, type KubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { createEventRecorder } from '#kube/control/events.ts';
import { WorkQueue, type WorkQueueObserver } from '#kube/control/work-queue.ts';
import type { CacheTrouble } from '#kube/cache/reflector.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { Log } from '#observe/log.ts';
import { createExecutor, describeFailure, ForeignObjectError } from '../execute.ts';
import type { ForeignObject, RuntimeSnapshot } from '../snapshot.ts';
import { createCaches, followChanges } from './caches.ts';
import { createClaimsIndex } from './claims-index.ts';
import { createObserver } from './observe.ts';
import { planFailed, planRuntime, type Plan } from './pass.ts';
import { createProber } from './prober.ts';
import { coordinatorUrlOf, instanceOf, podsOf } from './steps/readiness.ts';
import { createRouteWriter } from './route-writer.ts';
import { waitBeforeWriting } from './status-pace.ts';
import { followTombstones } from './tombstones.ts';
import type { Coordinators } from './trino-client.ts';

export interface RuntimeController {
  /** Fulfilled when the caches are filled and the first passes are under way. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly queue: Pick<WorkQueue, 'length' | 'running'>;
  readonly runtimes: ReadStore<XTrinode>;
  /** Caches that do not follow the API server. */
  troubles(): readonly CacheTrouble[];
}

export interface RuntimeControllerInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newSecret: () => string;
  readonly coordinators: Coordinators;
  readonly log: Log;
  /** Runtimes in work at the same time. */
  readonly concurrency: number;
  readonly observer?: WorkQueueObserver;
}

/** Nothing tells when a name that is not ours has become free. */
const foreignLookMs = 30_000;
const leavingLookMs = 1_000;

export function createRuntimeController(init: RuntimeControllerInit): RuntimeController {
  const { api, clock, random, newSecret, coordinators, log, concurrency } = init;
  const stopping = new AbortController();
  const caches = createCaches({ api, clock, random, log });
  const queue = new WorkQueue(init);
  const enqueue = (key: string): void => queue.add(key);
  const events = createEventRecorder({ api, clock, component: fieldOwner, log });
  const prober = createProber({ clock, log, coordinators, onProof: enqueue });
  const read = createRuntimeReader();
  const claims = createClaimsIndex({ runtimes: caches.runtimes.store, read, onChange: enqueue });
  const observer = createObserver({ caches, read, claims, prober, coordinators, clock, log, signal: stopping.signal });
  const routes = createRouteWriter({ api, view: caches.routes.view, signal: stopping.signal });
  const executor = createExecutor({
    api,
    caches,
    events,
    routes,
    newSecret,
    onRoutePublished: observer.noteRoute,
    signal: stopping.signal,
  });
  const foreign = new Map<string, ForeignObject>();
  const wroteStatusAt = new Map<string, EpochMs>();
  const ends: (() => void)[] = [() => claims.stop()];
  const waitingForGateways = new Set<string>();
  /** Times that any gateway has said something. */
  let gatewayWords = 0;

  function followProof(seen: RuntimeSnapshot, key: string, status: XTrinodeStatus): void {
    const isAwake = status.lifecycle?.desired === 'Awake';
    const coordinatorPods = isAwake ? podsOf(seen.pods, status.currentRevision ?? '', 'coordinator') : [];
    const pod = coordinatorPods.find((one) => instanceOf(one) !== undefined);
    const instance = pod === undefined ? undefined : instanceOf(pod);
    // What is on record as proven is not proven again.
    const isProven = instance === undefined || status.coordinator?.instance === instance;
    const trinoVersion = Number(seen.runtime.spec.version);
    prober.watch(key, pod === undefined || isProven ? undefined : { instance, url: coordinatorUrlOf(pod), trinoVersion });
  }

  function forget(key: string): void {
    prober.watch(key, undefined);
    foreign.delete(key);
    wroteStatusAt.delete(key);
    // Its claims are free for others.
    claims.of(key);
  }

  function hearGateway(): void {
    gatewayWords += 1;
    for (const key of waitingForGateways) queue.add(key);
    waitingForGateways.clear();
  }

  async function reconcile(key: string): Promise<void> {
    const object = caches.runtimes.view.get(key);
    if (object === undefined) {
      forget(key);
      return;
    }
    const wordsBefore = gatewayWords;
    const seen = await observer.snapshot(object, foreign.get(key));
    const { runtime } = seen;
    const { plan, failure } = planOrTell(seen);
    try {
      await executor.run(runtime, plan.actions);
    } catch (error) {
      if (!(error instanceof ForeignObjectError)) {
        if (isKubeError(error) && error.isTerminal) await tell(key, seen, error);
        throw error;
      }
      foreign.set(key, error.foreign);
      queue.addAfter(key, 0);
      return;
    }
    if (plan.status !== undefined) {
      followProof(seen, key, plan.status);
      await report(key, seen, plan.status);
    }
    if (failure !== undefined) throw failure;
    await executor.run(runtime, plan.afterwards);
    if (seen.foreign !== undefined) {
      foreign.delete(key);
      queue.addAfter(key, seen.foreign.isLeaving ? leavingLookMs : foreignLookMs);
    }
    if (plan.againInMs !== undefined) queue.addAfter(key, plan.againInMs);
    if (plan.waitsForGateways !== true) return;
    waitingForGateways.add(key);
    // What was said since the snapshot was taken.
    if (gatewayWords !== wordsBefore) queue.add(key);
  }

  async function report(key: string, { runtime, nowMs }: RuntimeSnapshot, status: XTrinodeStatus): Promise<void> {
    const waitMs = waitBeforeWriting(runtime.status, status, wroteStatusAt.get(key), nowMs);
    if (waitMs === undefined) return;
    if (waitMs > 0) return queue.addAfter(key, waitMs);
    wroteStatusAt.set(key, nowMs);
    await executor.writeStatus(runtime, status);
  }

  /** What the API server will not have, however often it is asked: the user must see it, and where to look. */
  async function tell(key: string, seen: RuntimeSnapshot, error: KubeError): Promise<void> {
    const { status } = planFailed(seen, error);
    try {
      if (status !== undefined) await report(key, seen, status);
    } catch (failure) {
      log.warn('a status could not be written', { runtime: `${seen.runtime.metadata.namespace}/${seen.runtime.metadata.name}`, failure });
    }
  }

  function planOrTell(seen: RuntimeSnapshot): { readonly plan: Plan; readonly failure?: Error } {
    try {
      return { plan: planRuntime(seen) };
    } catch (error) {
      return { plan: planFailed(seen, error), failure: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  function onError(key: string, error: unknown): void {
    if (stopping.signal.aborted || isKubeError(error, 'Conflict', 'NotFound')) return;
    log.warn('a pass failed and is tried again', { runtime: key, error });
    const runtime: XTrinode | undefined = caches.runtimes.view.get(key);
    if (runtime !== undefined)
      events.record({
        object: runtime,
        type: 'Warning',
        reason: 'ReconcileError',
        message: `will try again: ${describeFailure(error, runtime)}`,
      });
  }

  return {
    queue,
    runtimes: caches.runtimes.store,
    troubles: caches.troubles,
    async start() {
      ends.push(followChanges(caches, enqueue), caches.gateways.store.subscribe(hearGateway));
      // No pass on half a picture: an object that is not listed yet would look like one that is missing.
      await caches.start();
      queue.run({ concurrency, process: reconcile, onError });
      ends.push(followTombstones({ api, writer: routes, routes: caches.routes.store, runtimes: caches.runtimes.store, clock, log }));
    },
    async stop() {
      stopping.abort();
      for (const end of ends) end();
      prober.stop();
      await queue.stop();
      caches.stop();
      events.stop();
    },
  };
}
