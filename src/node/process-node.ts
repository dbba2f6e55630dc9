// The process node: a small kubelet on any KubeApi. It registers a Node, takes the Pods bound to it, and runs each as a local
// process (pod-worker.ts). Linux only. It must not know what the Pods are for.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { Pod } from '#core/objects.ts';
import { createReflector, type Reflector } from '#kube/cache/reflector.ts';
import { createEventRecorder, type EventRecorder } from '#kube/control/events.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi, LogOptions, ObjectKey } from '#kube/port.ts';
import { pods } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { createAddressPool, type AddressPool } from './addresses.ts';
import type { ImageTable } from './images.ts';
import { endLeftProcesses, pidDirectory, podsDirectory, removeLeftPods } from './leftovers.ts';
import { readLogFile } from './log-files.ts';
import { createServiceNames, type ServiceNames } from './names.ts';
import { createPodWorker, type PodWorker } from './pod-worker.ts';
import { createRegistration, type Registration } from './registration.ts';
import { takeStateDirectory } from './state-directory.ts';
import { fieldManager } from './status-writer.ts';
import { createSupervisedProcesses, type SupervisedProcesses } from './supervised-processes.ts';

export interface ProcessNodeInit {
  readonly api: KubeApi;
  readonly nodeName: string;
  /** Owned by this node alone: files of Pods, logs, records of processes. */
  readonly stateDir: string;
  readonly images: ImageTable;
  /** Advertised capacity, Kubernetes quantities. */
  readonly cpu: string;
  readonly memory: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** A /24 of loopback addresses; by default one that is free. */
  readonly addressRange?: string;
}

export interface ProcessNode {
  /** Fulfilled when the Node is Ready and its Pods are being run. Throws SetupError for what the user can mend. */
  start(): Promise<void>;
  /** Ends every process: SIGTERM, SIGKILL `graceMs` later. The Pods stay and are run again by the next start. */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Throws KubeError NotFound when the node does not run the Pod, BadRequest when there is no such log. */
  readLog(key: ObjectKey, options?: LogOptions): AsyncIterable<string>;
}

interface Parts {
  readonly release: () => Promise<void>;
  readonly addresses: AddressPool;
  readonly processes: SupervisedProcesses;
  readonly names: ServiceNames;
  readonly events: EventRecorder;
  readonly registration: Registration;
  readonly cache: Reflector<Pod>;
}

/** A process that has not gone by itself when a former run of the node was killed gets this long, ms. */
const LEFTOVER_GRACE_MS = 5_000;

export function createProcessNode(init: ProcessNodeInit): ProcessNode {
  const { api, nodeName, stateDir, clock, random, log } = init;
  const workers = new Map<string, PodWorker>();
  let parts: Parts | undefined;

  function take(pod: Pod, from: Parts): void {
    const uid = pod.metadata.uid ?? '';
    const known = workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    const worker = createPodWorker(pod, {
      ...init,
      ...from,
      podsDirectory: podsDirectory(stateDir),
      pidDirectory: pidDirectory(stateDir),
    });
    workers.set(uid, worker);
    void worker.done.then(() => workers.delete(uid));
  }

  async function build(): Promise<Parts> {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const release = await takeStateDirectory(stateDir);
    try {
      const left = await endLeftProcesses({ stateDir, clock, graceMs: LEFTOVER_GRACE_MS });
      if (left.length > 0) log.warn('ended processes of a former run', { pids: left });
      const addresses = await createAddressPool({
        seed: stateDir,
        ...(init.addressRange === undefined ? {} : { range: init.addressRange }),
      });
      return {
        release,
        addresses,
        processes: createSupervisedProcesses({ log, logFile: join(stateDir, 'supervisor.log') }),
        names: createServiceNames({ api, directory: join(stateDir, 'names'), clock, random, log }),
        events: createEventRecorder({ api, clock, component: fieldManager, log }),
        registration: createRegistration(init),
        cache: createReflector<Pod>({ api, resource: pods, where: { fieldSelector: `spec.nodeName=${nodeName}` }, clock, random, log }),
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async function begin(built: Parts): Promise<void> {
    await built.registration.start();
    built.cache.start();
    await built.cache.synced;
    await removeLeftPods(stateDir, new Set(built.cache.store.list().map((pod) => pod.metadata.uid ?? '')));
    built.cache.store.subscribe(({ before, after }) => {
      // a Pod of the same name may have replaced it between two lists
      if (before !== undefined && before.metadata.uid !== after?.metadata.uid) workers.get(before.metadata.uid ?? '')?.forget();
      if (after !== undefined) take(after, built);
    });
    for (const pod of built.cache.store.list()) take(pod, built);
    log.info('the process node is ready', { node: nodeName, pods: workers.size });
  }

  async function stop(graceMs: number): Promise<void> {
    const running = parts;
    if (running === undefined) return;
    parts = undefined;
    running.cache.stop();
    for (const worker of workers.values()) worker.stop(graceMs);
    await Promise.all([...workers.values()].map((worker) => worker.done));
    await running.processes.stop();
    running.names.stop();
    await running.registration.stop();
    running.events.stop();
    await running.addresses.close();
    await running.release();
  }

  return {
    async start() {
      const built = await build();
      parts = built;
      try {
        await begin(built);
      } catch (error) {
        await stop(0);
        throw error;
      }
    },

    stop: ({ graceMs }) => stop(graceMs),

    async *readLog(key, options = {}) {
      const pod = parts?.cache.store.get(key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`);
      const worker = workers.get(pod?.metadata.uid ?? '');
      if (worker === undefined)
        throw new KubeError({ code: 404, reason: 'NotFound', message: `pods "${key.name}" not found on node ${nodeName}` });
      const log = worker.runLog(options.previous === true);
      if (log === undefined) {
        throw new KubeError({ code: 400, reason: 'BadRequest', message: `previous terminated container of pod "${key.name}" not found` });
      }
      yield* readLogFile({ ...log, nowAt: clock.now() }, options);
    },
  };
}
