// Step 3: the Kubernetes objects that ought to exist, at which replicas, and those to delete (design D2). Owns condition
// TrinoResourcesReady. Pure; throws nothing.
import type { Deployment, KubeObject } from '#core/objects.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import type { Lifecycle } from '#apis/v1/objects.ts';
import { componentLabel, revisionLabel } from '#render/labels.ts';
import { renderServiceAccount, renderStableService, type RenderedRuntime } from '#render/runtime.ts';
import type { Role } from '#apis/v1/names.ts';
import type { Action } from '../../plan.ts';
import { isBusy } from './activity.ts';
import { hearGateways, longestHearingMs } from './gateways-heard.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export interface ResourcesResult {
  readonly actions: readonly Action[];
  readonly judgement: Judgement;
  readonly againInMs: number | undefined;
  /** Whether processes are to be kept although the decision is to sleep (queries still run). */
  readonly isDraining: boolean;
  /** What gateways say is to be looked at as soon as they say it. */
  readonly waitsForGateways: boolean;
}

/** A suspend that somebody asked for waits at most this long for running queries. */
const suspendDrainMs = 5 * 60_000;
const drainLookMs = 2_000;

function revisionOfObject(object: KubeObject): string | undefined {
  return object.metadata.labels?.[revisionLabel];
}

function isRunning(deployments: readonly Deployment[]): boolean {
  return deployments.some(({ spec }) => (spec.replicas ?? 1) > 0);
}

interface SleepPermit {
  readonly mayStop: boolean;
  readonly againInMs?: number;
  readonly waitsForGateways?: boolean;
  /** Gateways without whose word it goes on. */
  readonly silent?: readonly string[];
}

/** Before processes end: the decision is on record, all gateways refuse new queries, and then no query is running (both bounded). */
function permitSleep(seen: RuntimeSnapshot, lifecycle: Lifecycle): SleepPermit {
  const wasReady = seen.runtime.status?.coordinator !== undefined;
  if (!wasReady) return { mayStop: true };
  // Not before it is on record: that nobody used the coordinator cannot be seen again once it has ended.
  if (seen.runtime.status?.lifecycle?.desired !== 'Asleep') return { mayStop: false, againInMs: 0 };
  const hearing = hearGateways(seen);
  if (!hearing.isOver) return { mayStop: false, againInMs: hearing.againInMs, waitsForGateways: true };
  const permit = { mayStop: true, silent: hearing.silent };
  if (seen.nowMs - Date.parse(lifecycle.decidedAt) > suspendDrainMs) return permit;
  if (seen.activity === 'unreachable') return permit;
  if (seen.activity === undefined) return { mayStop: false, againInMs: 0 };
  return isBusy(seen.activity) ? { mayStop: false, againInMs: drainLookMs } : permit;
}

function tellSilence({ silent = [] }: SleepPermit): readonly Action[] {
  if (silent.length === 0) return [];
  const message = `gateway ${silent.join(' and ')} lives but has not said within ${longestHearingMs / 1_000} s that it sends no more queries: the runtime goes to sleep all the same. The log of that gateway says why it does not follow the routes`;
  return [{ do: 'event', type: 'Warning', reason: 'GatewayLags', message }];
}

function prune(seen: RuntimeSnapshot, keep: ReadonlySet<string>): Action[] {
  const { deployments, services, configMaps } = seen.owned;
  return [...deployments, ...services, ...configMaps]
    .filter((object) => {
      const revision = revisionOfObject(object);
      return revision !== undefined && !keep.has(revision);
    })
    .map((object) => ({ do: 'delete', object }) as const);
}

/** Revision that the route points at: a new one takes over once it has proven itself, until then the proven old one serves on. */
export function chooseServing(seen: RuntimeSnapshot, rendered: RenderedRuntime, isTargetProven: boolean): string {
  const { servingRevision: serving, coordinator } = seen.runtime.status ?? {};
  if (serving === undefined || isTargetProven || coordinator?.revision !== serving) return rendered.revision;
  return isRunning(seen.owned.deployments.filter((object) => revisionOfObject(object) === serving)) ? serving : rendered.revision;
}

export interface Revisions {
  readonly serving: string;
  /** Former ones whose processes finish their queries. */
  readonly retiring: readonly string[];
}

export function planResources(
  seen: RuntimeSnapshot,
  lifecycle: Lifecycle,
  rendered: RenderedRuntime,
  revisions: Revisions,
): ResourcesResult {
  const runtime = {
    namespace: seen.runtime.metadata.namespace ?? 'default',
    name: seen.runtime.metadata.name,
    uid: seen.runtime.metadata.uid ?? '',
  };
  const type = 'TrinoResourcesReady';
  if (seen.foreign !== undefined) {
    const { object, isLeaving } = seen.foreign;
    const message = isLeaving
      ? `${object} belonged to a former runtime of this name and is on its way out; this one follows`
      : `${object} already exists and belongs to somebody else: delete it, or give the runtime another name`;
    const isNews = seen.runtime.status?.conditions?.find((condition) => condition.type === type)?.message !== message;
    return {
      actions: isNews && !isLeaving ? [{ do: 'event', type: 'Warning', reason: 'ResourceApplyFailed', message }] : [],
      judgement: { type, status: 'False', reason: 'ResourceConflict', message },
      againInMs: undefined,
      isDraining: false,
      waitsForGateways: false,
    };
  }
  const isAwake = lifecycle.desired === 'Awake';
  // Coordinators end first: without one there is no query to wait for, whoever began to put the runtime to sleep.
  const runs = isRunning(seen.owned.deployments.filter(({ metadata }) => metadata.labels?.[componentLabel] === 'coordinator'));
  const permit: SleepPermit = isAwake || !runs ? { mayStop: true } : permitSleep(seen, lifecycle);
  const isUp = isAwake || !permit.mayStop;
  const keep = new Set([rendered.revision, revisions.serving, ...revisions.retiring]);
  const targetRuns = isUp && (isAwake || revisions.serving === rendered.revision);
  const replicas: Record<Role, number> = targetRuns ? { coordinator: 1, worker: rendered.shape.workers } : { coordinator: 0, worker: 0 };
  // Asleep, a kept revision keeps no processes; those of the others go with all that is theirs.
  const others = seen.owned.deployments.filter((object) => {
    const revision = revisionOfObject(object);
    return !isUp && revision !== undefined && revision !== rendered.revision && keep.has(revision);
  });
  return {
    actions: [
      ...(targetRuns ? ([{ do: 'ensure-secrets' }] as const) : []),
      { do: 'apply', object: renderServiceAccount(runtime) },
      ...rendered.fixed.map((object) => ({ do: 'apply', object }) as const),
      ...rendered.deployments(replicas).map((object) => ({ do: 'apply', object }) as const),
      { do: 'apply', object: renderStableService(runtime, revisions.serving) },
      ...others.map((object) => ({ do: 'delete', object }) as const),
      ...tellSilence(permit),
      ...prune(seen, keep),
    ],
    judgement: { type, status: 'True', reason: 'ResourcesApplied', message: `revision ${rendered.revision} is applied` },
    againInMs: permit.againInMs,
    isDraining: !isAwake && isUp,
    waitsForGateways: permit.waitsForGateways === true,
  };
}
