// Step 1: decides whether the runtime is to be awake, from the newest of spec, command, demand and idleness (design D1).
// Newest is by observation: status.lifecycle keeps what was last seen of each source. Pure; throws nothing.
import type { EpochMs } from '#core/clock.ts';
import { formatDuration, parseDuration } from '#core/duration.ts';
import type { Lease } from '#core/objects.ts';
import type { Lifecycle, XTrinode } from '#apis/v1/objects.ts';
import { coordinatorModes } from '#apis/v1/spooling.rules.ts';
import { annotations } from '#apis/v1/resources.ts';
import { failureReasons } from './readiness.ts';
import { isBusy } from './activity.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';
import { sooner, type Action } from '../../plan.ts';

type Decision = Pick<Lifecycle, 'desired' | 'cause' | 'message'>;

export interface LifecycleResult {
  readonly lifecycle: Lifecycle;
  readonly actions: readonly Action[];
  readonly againInMs: number | undefined;
}

/** A runtime whose spec says suspended goes back to sleep also with `never`; then this long after its last query. */
const fallbackIdleMs = 5 * 60_000;
/** A renewal may be this late before a demand counts as ended: the Lease's duration, when it carries none. */
const defaultDemandSeconds = 15;

export interface Demand {
  /** Arrival of the newest waiting statement, as the Lease carries it. */
  readonly arrivedAt: string;
  readonly isLive: boolean;
  /** When it ends unless renewed. */
  readonly endsAt: EpochMs;
}

export function demandOf(lease: Lease | undefined, nowMs: EpochMs): Demand | undefined {
  const { acquireTime, renewTime, leaseDurationSeconds, holderIdentity } = lease?.spec ?? {};
  if (acquireTime === undefined || renewTime === undefined) return undefined;
  const endsAt = Date.parse(renewTime) + (leaseDurationSeconds ?? defaultDemandSeconds) * 1000;
  return { arrivedAt: acquireTime, endsAt, isLive: holderIdentity !== undefined && holderIdentity !== '' && endsAt > nowMs };
}

/**
 * How long after its last query a runtime may have segments that only its coordinator can serve. Who has fetched which nobody can
 * ask a coordinator, so it is as long as they are kept.
 */
function segmentsLastMs({ spec: { spooling } }: XTrinode): number {
  if (spooling?.segmentTtl === undefined || !coordinatorModes.includes(spooling.retrievalMode)) return 0;
  return parseDuration(spooling.segmentTtl);
}

/** Idle time in ms after which the runtime sleeps; undefined for never. */
export function idleAfterMs(runtime: XTrinode): number | undefined {
  const { autoSuspendAfter, suspended } = runtime.spec;
  if (autoSuspendAfter !== 'never') return Math.max(parseDuration(autoSuspendAfter), segmentsLastMs(runtime));
  return suspended ? Math.max(fallbackIdleMs, segmentsLastMs(runtime)) : undefined;
}

function commandAt(runtime: XTrinode, requested: string, at: string, nowMs: EpochMs): EpochMs | undefined {
  const found = runtime.metadata.annotations ?? {};
  if (found[requested] !== 'true') return undefined;
  const stamp = Date.parse(found[at] ?? '');
  return Number.isNaN(stamp) ? 0 : Math.min(stamp, nowMs);
}

/** The newest command that is not taken yet: one that still stands there from a pass that died is on record already. */
function commandDecision(before: Lifecycle, runtime: XTrinode, nowMs: EpochMs): Decision | undefined {
  const command = newestCommand(runtime, nowMs);
  const isTaken = command?.decision.cause === before.cause && command.at <= Date.parse(before.decidedAt);
  return isTaken ? undefined : command?.decision;
}

function newestCommand(runtime: XTrinode, nowMs: EpochMs): { readonly decision: Decision; readonly at: EpochMs } | undefined {
  const resumeAt = commandAt(runtime, annotations.resumeRequested, annotations.resumeRequestedAt, nowMs);
  const suspendAt = commandAt(runtime, annotations.suspendRequested, annotations.suspendRequestedAt, nowMs);
  if (resumeAt === undefined && suspendAt === undefined) return undefined;
  if (resumeAt !== undefined && (suspendAt === undefined || resumeAt > suspendAt)) {
    return { decision: { desired: 'Awake', cause: 'Resume', message: 'somebody asked it to wake (xtrinode resume)' }, at: resumeAt };
  }
  const decision: Decision = { desired: 'Asleep', cause: 'Suspend', message: 'somebody asked it to sleep (xtrinode suspend)' };
  return { decision, at: suspendAt ?? 0 };
}

const commandAnnotations = [
  annotations.resumeRequested,
  annotations.resumeRequestedAt,
  annotations.suspendRequested,
  annotations.suspendRequestedAt,
];

function specDecision(suspended: boolean): Decision {
  return suspended
    ? { desired: 'Asleep', cause: 'Spec', message: 'its spec says suspended: true' }
    : { desired: 'Awake', cause: 'Spec', message: 'its spec says suspended: false' };
}

function demandDecision(runtime: XTrinode): Decision {
  const after = idleAfterMs(runtime);
  const back =
    runtime.spec.suspended && after !== undefined
      ? `; its spec says suspended, so it goes back to sleep ${formatDuration(after)} after the last query`
      : '';
  return { desired: 'Awake', cause: 'Demand', message: `a query asked for it${back}` };
}

/** The moment from which idleness counts: the first readiness, or the last query since. */
export function idleSince(lifecycle: Lifecycle, seen: RuntimeSnapshot): EpochMs | undefined {
  if (lifecycle.readyAt === undefined) return undefined;
  const readyAt = Date.parse(lifecycle.readyAt);
  if (seen.activity === undefined || seen.activity === 'unreachable') return readyAt;
  return Math.max(readyAt, seen.activity.lastEndedAt ?? 0);
}

interface Idleness {
  readonly decision?: Decision;
  readonly againInMs?: number;
}

/** A long idle time is still looked at this often, because Trino forgets finished queries after 15 minutes. */
const longestLookMs = 5 * 60_000;
/** While there is work there is nothing to decide; look again after this, or the idle time when that is shorter. */
const busyLookMs = 30_000;

function judgeIdleness(lifecycle: Lifecycle, seen: RuntimeSnapshot, demand: Demand | undefined): Idleness {
  const after = idleAfterMs(seen.runtime);
  const since = idleSince(lifecycle, seen);
  if (lifecycle.desired !== 'Awake' || after === undefined || since === undefined) return {};
  if (demand?.isLive === true) return { againInMs: Math.max(after, 1_000) };
  if (isBusy(seen.activity)) return { againInMs: Math.min(busyLookMs, Math.max(after, 1_000)) };
  const leftMs = since + after - seen.nowMs;
  if (leftMs > 0) return { againInMs: Math.min(leftMs, longestLookMs) };
  // Never on hearsay: without an answer from the coordinator, or while there is none to be asked, nothing is put to sleep.
  if (typeof seen.activity !== 'object') return { againInMs: busyLookMs };
  return { decision: { desired: 'Asleep', cause: 'Idle', message: `no query ran for ${formatDuration(after)}; the next query wakes it` } };
}

/**
 * Whether this pass should ask the coordinator for its queries: when the idle time may be over, and when it is about to be
 * put to sleep and has refused new queries long enough.
 */
export function isActivityDue(runtime: XTrinode, refusingSince: EpochMs | undefined, nowMs: EpochMs): boolean {
  const { lifecycle } = runtime.status ?? {};
  if (runtime.metadata.deletionTimestamp !== undefined) return true;
  if (lifecycle === undefined) return false;
  if (lifecycle.desired === 'Asleep' || runtime.spec.suspended !== lifecycle.seenSuspended) return refusingSince !== undefined;
  const after = idleAfterMs(runtime);
  if (after === undefined || lifecycle.readyAt === undefined) return false;
  return nowMs - Date.parse(lifecycle.readyAt) >= Math.min(after, longestLookMs);
}

function hasEverBeenReady(lifecycle: Lifecycle): boolean {
  return lifecycle.readyAt !== undefined;
}

/** Work that came while it was being put to sleep for idleness keeps it awake. */
function isWantedAgain(lifecycle: Lifecycle, seen: RuntimeSnapshot): boolean {
  return lifecycle.cause === 'Idle' && isBusy(seen.activity);
}

function newestDecision(before: Lifecycle, seen: RuntimeSnapshot, demand: Demand | undefined): Decision | undefined {
  const { runtime } = seen;
  const command = commandDecision(before, runtime, seen.nowMs);
  if (command !== undefined) return command;
  if (runtime.spec.suspended !== before.seenSuspended) return specDecision(runtime.spec.suspended);
  // Somebody who already waited when it was suspended on purpose does not undo that; a new query does. Going to sleep on
  // our own account never leaves a waiter behind.
  const isOnPurpose = before.cause === 'Suspend' || before.cause === 'Spec';
  const isNewDemand = demand?.isLive === true && (!isOnPurpose || demand.arrivedAt !== before.seenDemand);
  if (isNewDemand && before.desired === 'Asleep') return demandDecision(runtime);
  if (before.desired === 'Awake' && before.cause === 'Demand' && !hasEverBeenReady(before) && demand?.isLive !== true) {
    return demandEndDecision(seen);
  }
  if (isWantedAgain(before, seen)) return demandDecision(runtime);
  return undefined;
}

/** What kept it from starting, as the last pass judged it. */
function lastFailure(seen: RuntimeSnapshot): string | undefined {
  const judged = seen.runtime.status?.conditions?.find(({ type }) => type === 'RuntimeReady');
  return judged !== undefined && failureReasons.has(judged.reason) ? judged.message : undefined;
}

function demandEndDecision(seen: RuntimeSnapshot): Decision {
  const failure = lastFailure(seen);
  if (failure !== undefined)
    return { desired: 'Asleep', cause: 'StartFailed', message: `it could not start: ${failure}; the next query tries again` };
  return {
    desired: 'Asleep',
    cause: 'DemandEnded',
    message: 'whoever asked for it stopped waiting before it was ready; the next query wakes it',
  };
}

function startOf(seen: RuntimeSnapshot, now: string): Lifecycle {
  return { ...specDecision(seen.runtime.spec.suspended), decidedAt: now, sequence: 1, seenSuspended: seen.runtime.spec.suspended };
}

function follow(before: Lifecycle, decision: Decision, now: string): Lifecycle {
  const { desired, cause, message, decidedAt } = before;
  const isAwakeStill = desired === 'Awake' && decision.desired === 'Awake';
  return {
    ...decision,
    decidedAt: now,
    sequence: before.sequence + 1,
    seenSuspended: before.seenSuspended,
    ...(before.seenDemand === undefined ? {} : { seenDemand: before.seenDemand }),
    ...(isAwakeStill && before.readyAt !== undefined ? { readyAt: before.readyAt } : {}),
    previous: { desired, cause, message, decidedAt },
  };
}

/** A demand is taken when it wakes the runtime, and when it is older than what puts the runtime to sleep; in between it is not worth a write. */
function seenDemandOf(before: Lifecycle, after: Lifecycle, seen: RuntimeSnapshot, demand: Demand | undefined): string | undefined {
  if (demand?.isLive !== true) return before.seenDemand;
  const suspendAt = commandAt(seen.runtime, annotations.suspendRequested, annotations.suspendRequestedAt, seen.nowMs) || seen.nowMs;
  const isUndone = after.desired === 'Asleep' && Date.parse(demand.arrivedAt) <= suspendAt;
  return before.desired === 'Asleep' || isUndone ? demand.arrivedAt : before.seenDemand;
}

function eventOf(after: Lifecycle): Action {
  const awake = after.desired === 'Awake';
  return {
    do: 'event',
    type: 'Normal',
    reason: awake ? 'Resumed' : 'Suspended',
    message: `${awake ? 'Waking' : 'Going to sleep'}: ${after.message}`,
  };
}

export function decideLifecycle(seen: RuntimeSnapshot): LifecycleResult {
  const now = new Date(seen.nowMs).toISOString();
  const demand = demandOf(seen.demand, seen.nowMs);
  const before = seen.runtime.status?.lifecycle ?? startOf(seen, now);
  const idleness = judgeIdleness(before, seen, demand);
  const decision = newestDecision(before, seen, demand) ?? idleness.decision;
  const decided = decision === undefined ? before : follow(before, decision, now);
  const seenDemand = seenDemandOf(before, decided, seen, demand);
  const lifecycle: Lifecycle = {
    ...decided,
    seenSuspended: seen.runtime.spec.suspended,
    ...(seenDemand === undefined ? {} : { seenDemand }),
  };
  const present = commandAnnotations.filter((name) => seen.runtime.metadata.annotations?.[name] !== undefined);
  const waitsForDemandEnd =
    lifecycle.desired === 'Awake' && lifecycle.cause === 'Demand' && !hasEverBeenReady(lifecycle) && demand?.isLive === true;
  return {
    lifecycle,
    actions: [
      ...(present.length > 0 ? [{ do: 'remove-annotations', names: present } as const] : []),
      ...(decision !== undefined && decision.desired !== before.desired ? [eventOf(lifecycle)] : []),
    ],
    againInMs: sooner(
      decision === undefined ? idleness.againInMs : undefined,
      waitsForDemandEnd ? demand.endsAt - seen.nowMs + 50 : undefined,
    ),
  };
}
