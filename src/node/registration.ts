// The Node object and its Lease: that there is a node, how big it is, and that it lives.
import { availableParallelism, hostname, release, totalmem } from 'node:os';
import type { Clock } from '#core/clock.ts';
import { formatBytes } from '#core/quantity.ts';
import type { Lease, Node, ObjectMeta } from '#core/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi, WriteOptions } from '#kube/port.ts';
import { leases, nodes } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { formatTime } from './pod-status.ts';
import { fieldManager } from './status-writer.ts';
import { pause } from '#core/pause.ts';

export interface RegistrationInit {
  readonly api: KubeApi;
  readonly nodeName: string;
  /** Kubernetes quantities. */
  readonly cpu: string;
  readonly memory: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Registration {
  /** Fulfilled when the Node is there and Ready; retried while the API server is away. */
  start(): Promise<void>;
  /** Says NotReady, once, and stops renewing. */
  stop(): Promise<void>;
}

/** Every cluster has it. */
export const LEASE_NAMESPACE = 'kube-node-lease';
/** Kubernetes' default; the node controller waits 40 s or more. */
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const RETRY_MS = 1_000;
/**
 * After a silence the node controller may call the Node not ready, with what it knew before, also some seconds after our next word.
 * So it is said again with so many renewals: a minute.
 */
const SAY_READY_AGAIN = 6;
const MAX_PODS = 110;
const LAST_WRITE_MS = 3_000;

export function createRegistration(init: RegistrationInit): Registration {
  const { api, nodeName, clock, log } = init;
  const stopping = new AbortController();
  const options = { fieldManager, force: true, signal: stopping.signal } as const;
  let renewing: Promise<void> | undefined;
  let ownUid: string | undefined;

  async function register(): Promise<void> {
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, labels: nodeLabels(nodeName) } };
    ownUid = (await api.apply(nodes, node, options)).metadata.uid;
    await writeStatus(true, options);
    await renew();
  }

  async function writeStatus(isReady: boolean, call: WriteOptions): Promise<void> {
    await api.patch(nodes, { name: nodeName }, 'merge', { status: buildNodeStatus(init, isReady) }, { ...call, subresource: 'status' });
  }

  async function renew(): Promise<void> {
    const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z');
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: nodeName, namespace: LEASE_NAMESPACE, ...leaseOwner(nodeName, ownUid) },
      spec: { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    };
    await api.apply(leases, lease, options);
  }

  async function keepRenewing(): Promise<void> {
    let heardAt = clock.now();
    let sayReady = 0;
    while (!stopping.signal.aborted) {
      await pause(clock, RENEW_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        await renew();
        if (clock.now() - heardAt >= LEASE_SECONDS * 1_000) sayReady = SAY_READY_AGAIN;
        heardAt = clock.now();
        if (sayReady === 0) continue;
        await writeStatus(true, options);
        sayReady -= 1;
      } catch (error) {
        if (!stopping.signal.aborted) log.warn('the node could not say that it lives, will retry', { node: nodeName, error });
      }
    }
  }

  return {
    async start() {
      for (;;) {
        try {
          await register();
          break;
        } catch (error) {
          if (stopping.signal.aborted || (isKubeError(error) && error.isTerminal && error.code !== 404)) throw error;
          log.warn('the node could not be registered, will retry', { node: nodeName, error });
          await pause(clock, RETRY_MS, stopping.signal);
        }
      }
      renewing = keepRenewing();
    },
    async stop() {
      stopping.abort();
      await renewing;
      await writeStatus(false, { fieldManager, timeoutMs: LAST_WRITE_MS }).catch((error: unknown) =>
        log.debug('the node could not say that it stops', { error }),
      );
    },
  };
}

/** With its Node the Lease goes too, as a kubelet's does. */
function leaseOwner(name: string, uid: string | undefined): Pick<ObjectMeta, 'ownerReferences'> {
  return uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
}

function nodeLabels(nodeName: string): Record<string, string> {
  return {
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
    'kubernetes.io/hostname': nodeName,
    'xtrinode.io/process-node': 'true',
  };
}

function buildNodeStatus({ nodeName, cpu, memory, clock }: RegistrationInit, isReady: boolean): NonNullable<Node['status']> {
  const capacity = { cpu, memory, pods: String(MAX_PODS) };
  const now = formatTime(clock.now());
  const ready = isReady
    ? { status: 'True', reason: 'ProcessNodeReady', message: 'Pods run as local processes' }
    : { status: 'False', reason: 'ProcessNodeStopped', message: 'The process node was stopped; its Pods do not run' };
  return {
    capacity,
    allocatable: capacity,
    conditions: [{ type: 'Ready', ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: nodeName },
    ],
    nodeInfo: {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      operatingSystem: 'linux',
      osImage: hostname(),
      kernelVersion: release(),
      containerRuntimeVersion: 'process://1',
      kubeletVersion: 'v1.36.0-xtrinode',
      kubeProxyVersion: '',
      bootID: '',
      machineID: '',
      systemUUID: '',
    },
  };
}

/** What this machine really has, as quantities, for a warning when more is advertised. */
export function machineSize(): { readonly cpu: string; readonly memory: string } {
  return { cpu: String(availableParallelism()), memory: formatBytes(BigInt(totalmem())) };
}
