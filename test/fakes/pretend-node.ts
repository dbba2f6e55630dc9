// A node that only pretends: the Pods that a scheduler gives it become Running, then Ready, and go when they are told to, without
// a process. On any KubeApi, at the pace of the clock it is given.
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import type { Lease, Node, Pod } from '#core/objects.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases, nodes, pods } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';

export interface PretendNodeInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly nodeName?: string;
  /** An address that no other Pod has; `count` grows by one with each Pod. */
  readonly addressOf?: (count: number, pod: Pod) => string;
  /** From being bound to Running, from Running to Ready, from being deleted to gone, in ms. */
  readonly startMs?: number;
  readonly readyMs?: number;
  readonly stopMs?: number;
  /** Keeps its Lease renewed, which the node controller of a real cluster wants to see. */
  readonly renewsLease?: boolean;
}

export interface PretendNode {
  start(): Promise<void>;
  stop(): void;
  /** Since when the Pod at this address runs (epoch ms); undefined when none does. */
  runningSince(ip: string): number | undefined;
  /** Every Pod that was ever started, by its labels. */
  readonly started: readonly Readonly<Record<string, string>>[];
}

const fieldManager = 'pretend-node';
const renewEveryMs = 10_000;

function statusOf(pod: Pod, podIP: string, isReady: boolean, nowMs: number): NonNullable<Pod['status']> {
  const startedAt = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: startedAt,
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: isReady ? 'True' : 'False' },
    ],
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      ready: isReady,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
  };
}

export function createPretendNode(init: PretendNodeInit): PretendNode {
  const { api, clock, log, nodeName = 'pretend', startMs = 500, readyMs = 3_000, stopMs = 200 } = init;
  const addressOf = init.addressOf ?? ((count: number): string => `127.100.${count >> 8}.${count & 255}`);
  const reflector = createReflector<Pod>({ ...init, resource: pods, where: { fieldSelector: `spec.nodeName=${nodeName}` } });
  const stopping = new AbortController();
  const taken = new Set<string>();
  const leaving = new Set<string>();
  const running = new Map<string, { readonly uid: string; readonly since: number }>();
  const started: Record<string, string>[] = [];

  async function writeStatus(pod: Pod, podIP: string, isReady: boolean): Promise<void> {
    const status = statusOf(pod, podIP, isReady, clock.now());
    await api.patch(pods, keyOfPod(pod), 'merge', { status }, { fieldManager, subresource: 'status' });
  }

  async function run(pod: Pod): Promise<void> {
    const { uid = '', labels = {} } = pod.metadata;
    const podIP = addressOf(started.push(labels), pod);
    await pause(clock, startMs, stopping.signal);
    if (leaving.has(uid)) return;
    running.set(podIP, { uid, since: clock.now() });
    await writeStatus(pod, podIP, false);
    await pause(clock, readyMs, stopping.signal);
    if (!leaving.has(uid)) await writeStatus(pod, podIP, true);
  }

  async function leave(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata;
    await pause(clock, stopMs, stopping.signal);
    for (const [ip, one] of running) if (one.uid === uid) running.delete(ip);
    await api.remove(pods, keyOfPod(pod), { uid, gracePeriodSeconds: 0 });
  }

  function once(seen: Set<string>, pod: Pod, work: (pod: Pod) => Promise<void>): void {
    const { uid = '', name } = pod.metadata;
    if (seen.has(uid)) return;
    seen.add(uid);
    work(pod).catch((error: unknown) => {
      // Deleted meanwhile: nothing left to pretend.
      if (!stopping.signal.aborted && !isKubeError(error, 'NotFound', 'Conflict'))
        log.error('the pretending node failed', { pod: name, error });
    });
  }

  async function register(): Promise<void> {
    const capacity = { cpu: '100000', memory: '1000Ti', pods: '100000' };
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } };
    await api.apply(nodes, node, { fieldManager, force: true });
    const conditions = [{ type: 'Ready', status: 'True', reason: 'Pretending', message: 'Pods only pretend to run' }];
    const status = { capacity, allocatable: capacity, conditions };
    await api.patch(nodes, { name: nodeName }, 'merge', { status }, { fieldManager, subresource: 'status' });
  }

  async function keepRenewing(): Promise<void> {
    while (!stopping.signal.aborted) {
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: nodeName, namespace: 'kube-node-lease' },
        spec: {
          holderIdentity: nodeName,
          leaseDurationSeconds: 40,
          renewTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
        },
      };
      await api
        .apply(leases, lease, { fieldManager, force: true })
        .catch((error: unknown) => log.warn('the Lease was not renewed', { error }));
      await pause(clock, renewEveryMs, stopping.signal);
    }
  }

  return {
    started,
    runningSince: (ip) => running.get(ip)?.since,
    async start() {
      await register();
      reflector.store.subscribe(({ after }) => {
        if (after === undefined) return;
        if (after.metadata.deletionTimestamp === undefined) once(taken, after, run);
        else {
          leaving.add(after.metadata.uid ?? '');
          once(new Set(), after, leave);
        }
      });
      reflector.start();
      await reflector.synced;
      if (init.renewsLease === true) void keepRenewing();
    },
    stop() {
      stopping.abort();
      reflector.stop();
    },
  };
}

function keyOfPod({ metadata: { name, namespace } }: Pod): { readonly name: string; readonly namespace?: string } {
  return namespace === undefined ? { name } : { namespace, name };
}
