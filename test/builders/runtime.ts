// Builders of what the operator's steps look at. Each starts valid; a test says only what it is about.
import type { Deployment, Lease, Pod } from '#core/objects.ts';
import type { Lifecycle, XTrinode, XTrinodeCatalog, XTrinodeStatus } from '#apis/v1/objects.ts';
import { apiVersion, demandLeaseName, finalizer } from '#apis/v1/resources.ts';
import { roleLabels } from '#render/labels.ts';
import type { Role } from '#apis/v1/names.ts';
import { resolveClaims } from '#reconcile/runtime/claims.ts';
import type { Activity, RuntimeSnapshot } from '#reconcile/snapshot.ts';

export const startedAt = Date.parse('2026-01-01T00:00:00Z');

export function at(seconds: number): number {
  return startedAt + seconds * 1000;
}

export function isoAt(seconds: number): string {
  return new Date(at(seconds)).toISOString();
}

type SpecPart = Partial<XTrinode['spec']>;

export function aRuntime(spec: SpecPart = {}, metadata: Partial<XTrinode['metadata']> = {}, status?: XTrinodeStatus): XTrinode {
  return {
    apiVersion,
    kind: 'XTrinode',
    metadata: {
      name: 'sales',
      namespace: 'team',
      uid: 'uid-sales',
      generation: 1,
      creationTimestamp: isoAt(0),
      finalizers: [finalizer],
      ...metadata,
    },
    spec: {
      size: 'xs',
      version: '483',
      minWorkers: 0,
      maxWorkers: 1,
      suspended: false,
      autoSuspendAfter: '5m',
      wakePatience: '10m',
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function aLifecycle(part: Partial<Lifecycle> = {}): Lifecycle {
  return {
    desired: 'Awake',
    cause: 'Spec',
    message: 'its spec says suspended: false',
    decidedAt: isoAt(0),
    sequence: 1,
    seenSuspended: false,
    ...part,
  };
}

export function aCatalog(
  name: string,
  connector: XTrinodeCatalog['spec']['connector'] = { tpch: {} },
  labels: Record<string, string> = { team: 'sales' },
): XTrinodeCatalog {
  return { apiVersion, kind: 'XTrinodeCatalog', metadata: { name, namespace: 'team', generation: 1 }, spec: { connector, labels } };
}

/** `arrivedAt` and `renewedAt` in seconds since the start. */
export function aDemand(arrivedAt: number, renewedAt = arrivedAt, holder = 'gateway'): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: demandLeaseName('sales'), namespace: 'team' },
    spec: { holderIdentity: holder, acquireTime: isoAt(arrivedAt), renewTime: isoAt(renewedAt), leaseDurationSeconds: 15 },
  };
}

export interface PodPart {
  readonly role?: Role;
  readonly revision: string;
  readonly isReady?: boolean;
  readonly restartCount?: number;
  readonly state?: NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state'];
  readonly lastState?: NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['lastState'];
}

export function aPod({
  role = 'coordinator',
  revision,
  isReady = true,
  restartCount = 0,
  state = { running: {} },
  lastState,
}: PodPart): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${role}`, namespace: 'team', uid: `pod-uid-${role}`, labels: roleLabels('sales', revision, role) },
    spec: { nodeName: 'local', containers: [{ name: `trino-${role}` }] },
    status: {
      phase: 'Running',
      podIP: '127.9.0.1',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: `trino-${role}`,
          ready: isReady,
          restartCount,
          image: '',
          imageID: '',
          state,
          ...(lastState === undefined ? {} : { lastState }),
        },
      ],
    },
  };
}

export function aDeployment(role: Role, revision: string, replicas: number): Deployment {
  const labels = roleLabels('sales', revision, role);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `trino-sales-${role}-${revision}`,
      namespace: 'team',
      labels,
      ownerReferences: [{ apiVersion, kind: 'XTrinode', name: 'sales', uid: 'uid-sales' }],
    },
    spec: { replicas, selector: { matchLabels: labels }, template: { spec: { containers: [] } } },
  };
}

/** A snapshot `seconds` after the start. */
/** A coordinator at rest, unless told otherwise. */
export function anActivity(part: Partial<Activity> = {}): Activity {
  return { activeQueries: 0, openTransactions: 0, lastEndedAt: undefined, ...part };
}

export function aSnapshot(runtime: XTrinode, seconds: number, part: Partial<RuntimeSnapshot> = {}): RuntimeSnapshot {
  const claims = resolveClaims([runtime]).get('team/sales');
  if (claims === undefined) throw new Error('the runtime has no claims');
  return {
    runtime,
    specProblems: [],
    catalogs: [],
    owned: { deployments: [], configMaps: [], services: [], serviceAccounts: [] },
    foreign: undefined,
    pods: [],
    demand: undefined,
    claims,
    publishedRoute: undefined,
    publishedEntry: undefined,
    refusingSince: undefined,
    gateways: [],
    proof: undefined,
    activity: undefined,
    retiringActivity: new Map(),
    nowMs: at(seconds),
    ...part,
  };
}
