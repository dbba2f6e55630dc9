// Leader election on one Lease, with client-go's rules and times (k8s.io/client-go/tools/leaderelection): of several processes
// one works, the others wait for its Lease to run out. Time is measured by timers of our own from what we have seen
// ourselves; the times that others write into the Lease are never compared with our clock.
//
//   wait ──► free, released, or unchanged for its whole duration ──► write it (with its version) ──► lead ──► release
//     ▲                                                                                                │
//     └────── lost: not renewed for 10 s after a renewal was sent, 5 s before anybody may take it ◄────┘
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import { isKubeError } from '../errors.ts';
import type { KubeApi, WriteOptions } from '../port.ts';
import { leases } from '../resources.ts';

/** One time of leading. */
export interface Term {
  /** Aborted when the Lease is lost, or could not be renewed in time. Nothing may be written from then on. */
  readonly lost: AbortSignal;
  /** Also false when the process was stopped or starved for so long that the timer behind `lost` is late. */
  isHeld(): boolean;
  /** Lets the next one begin at once; to be called when nothing works any more, also after a loss. Never rejects. */
  release(): Promise<void>;
}

export interface LeaseElection {
  /** Waits until this process leads; undefined when `signal` came first. Never rejects. */
  acquire(signal: AbortSignal): Promise<Term | undefined>;
}

export interface LeaseTimes {
  /** Nobody takes a Lease that has been seen to change within this. */
  readonly leaseMs: number;
  /** A leader that cannot renew stops this long after the last renewal was sent. */
  readonly renewWithinMs: number;
  readonly retryMs: number;
}

export interface LeaseElectionInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly namespace: string;
  readonly name: string;
  /** Of this very process; a second process must not have the same. */
  readonly identity: string;
  readonly fieldManager: string;
  readonly times?: LeaseTimes;
  /** Told who leads, whenever that changes; '' for nobody. */
  readonly onHolder?: (identity: string) => void;
}

/** Defaults of client-go and of all control planes. */
const defaultTimes: LeaseTimes = { leaseMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 };
/** So that those who wait do not come all at once. */
const jitterFactor = 1.2;
/** Of failures in a row the first is told, and then one of so many: one in two minutes. */
const toldEvery = 40;

/** A write of ours that succeeded, and for how long we may work on it. */
interface Grant {
  readonly lease: Lease;
  readonly heldUntil: EpochMs;
  isOverdue: boolean;
  onOverdue: () => void;
  readonly cancel: () => void;
}

export function createLeaseElection(init: LeaseElectionInit): LeaseElection {
  const { api, clock, random, log, identity, namespace, name } = init;
  const times = init.times ?? defaultTimes;
  if (times.leaseMs <= times.renewWithinMs || times.renewWithinMs <= times.retryMs * jitterFactor)
    throw new RangeError('a leader must stop before its Lease can be taken, and have time for more than one try to renew it');
  const key = { namespace, name };
  const about = { lease: `${namespace}/${name}`, identity };
  // A call that hangs must leave time for another one.
  const options: WriteOptions = { fieldManager: init.fieldManager, timeoutMs: times.renewWithinMs / 2 };
  let seen: { readonly spec: string; isOver: boolean; readonly cancel: () => void } | undefined;
  let toldHolder: string | undefined;
  let failures = 0;

  /** The whole of `leaseDurationSeconds` begins again with each change that we see. */
  function observe(lease: Lease): void {
    const spec = JSON.stringify(lease.spec);
    if (seen?.spec === spec) return;
    seen?.cancel();
    const holdsMs = (lease.spec.leaseDurationSeconds ?? times.leaseMs / 1000) * 1000;
    const now = { spec, isOver: false, cancel: clock.after(holdsMs, () => (now.isOver = true)) };
    seen = now;
    const holder = lease.spec.holderIdentity ?? '';
    if (holder === toldHolder) return;
    toldHolder = holder;
    init.onHolder?.(holder);
  }

  function specOf(before: Lease['spec'] | undefined): Lease['spec'] {
    const now = microTime(clock.now());
    const isOurs = before?.holderIdentity === identity;
    return {
      ...before,
      holderIdentity: identity,
      // Whole seconds in the API; rounded up, as those who wait count it.
      leaseDurationSeconds: Math.ceil(times.leaseMs / 1000),
      acquireTime: isOurs && before.acquireTime !== undefined ? before.acquireTime : now,
      renewTime: now,
      leaseTransitions: before === undefined ? 0 : (before.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
    };
  }

  /** The clock runs from before the call: what others see of it, they see later. */
  async function write(send: () => Promise<Lease>): Promise<Grant> {
    const grant = { isOverdue: false, onOverdue: (): void => undefined, heldUntil: clock.now() + times.renewWithinMs };
    const cancel = clock.after(times.renewWithinMs, () => {
      grant.isOverdue = true;
      grant.onOverdue();
    });
    try {
      const lease = await send();
      observe(lease);
      return Object.assign(grant, { lease, cancel });
    } catch (error) {
      cancel();
      throw error;
    }
  }

  /** Undefined when somebody else has it. `last` spares the reading. Throws KubeError. */
  async function take(last: Lease | undefined): Promise<Grant | undefined> {
    const lease = last ?? (await api.get<Lease>(leases, key, options));
    if (lease === undefined) {
      const fresh = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec: specOf(undefined) };
      return write(() => api.create<Lease>(leases, fresh, options));
    }
    observe(lease);
    const { holderIdentity = '' } = lease.spec;
    if (holderIdentity !== '' && holderIdentity !== identity && seen?.isOver !== true) return undefined;
    return write(() => api.replace<Lease>(leases, { ...lease, spec: specOf(lease.spec) }, options));
  }

  async function tryToTake(last: Lease | undefined): Promise<Grant | 'taken' | 'failed'> {
    try {
      const grant = await take(last);
      failures = 0;
      return grant ?? 'taken';
    } catch (error) {
      const isRace = isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound');
      if (!isRace) failures += 1;
      log[isRace || failures % toldEvery !== 1 ? 'debug' : 'warn']('cannot write the Lease of the leader, will retry', { ...about, error });
      return 'failed';
    }
  }

  function lead(first: Grant): Term {
    const lost = new AbortController();
    const ending = new AbortController();
    let grant = first;
    let lease: Lease | undefined = first.lease;
    let cancelWarning = (): void => undefined;

    function lose(why: string): void {
      if (lost.signal.aborted || ending.signal.aborted) return;
      log.warn('lost the Lease of the leader, stopping what works', { ...about, why });
      grant.cancel();
      cancelWarning = clock.after(times.leaseMs - times.renewWithinMs, () =>
        log.error('what works has not ended in time: another leader may work beside it', about),
      );
      lost.abort();
      ending.abort();
    }
    const onOverdue = (): void => lose(`it could not be renewed within ${times.renewWithinMs} ms`);

    async function renew(): Promise<void> {
      for (;;) {
        await pause(clock, times.retryMs, ending.signal);
        if (ending.signal.aborted) return;
        const next = await tryToTake(lease);
        if (next === 'taken') lose('another process has taken it');
        // Somebody else wrote it, or it is gone: the next try reads it first.
        else if (next === 'failed') lease = undefined;
        else {
          grant.cancel();
          grant = next;
          ({ lease } = next);
          if (ending.signal.aborted) grant.cancel();
          else grant.onOverdue = onOverdue;
        }
      }
    }
    first.onOverdue = onOverdue;
    const renewing = renew();
    return {
      lost: lost.signal,
      isHeld() {
        if (clock.now() >= grant.heldUntil) lose('this process stood still for too long to renew it');
        return !lost.signal.aborted;
      },
      async release() {
        ending.abort();
        await renewing;
        grant.cancel();
        cancelWarning();
        await giveBack(lost.signal.aborted ? undefined : lease);
      },
    };
  }

  /** Without the last Lease, it is read first and left alone unless it is still ours. */
  async function giveBack(last: Lease | undefined): Promise<void> {
    try {
      const lease = last ?? (await api.get<Lease>(leases, key, options));
      if (lease?.spec.holderIdentity !== identity) return;
      const { holderIdentity: _, ...spec } = lease.spec;
      const renewTime = microTime(clock.now());
      await api.replace<Lease>(leases, { ...lease, spec: { ...spec, leaseDurationSeconds: 1, renewTime } }, options);
    } catch (error) {
      log.info('cannot give the Lease of the leader back: the next one waits until it has run out', { ...about, error });
    }
  }

  return {
    async acquire(signal) {
      while (!signal.aborted) {
        const grant = await tryToTake(undefined);
        if (typeof grant === 'object' && !grant.isOverdue) {
          const term = lead(grant);
          if (!signal.aborted) return term;
          await term.release();
        } else await pause(clock, times.retryMs * (1 + random() * jitterFactor), signal);
      }
      return undefined;
    },
  };
}

/** RFC 3339 with microseconds, as Leases have it. */
function microTime(atMs: EpochMs): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}
