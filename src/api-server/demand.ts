// Demand as a Lease, one per runtime, written at most every five seconds however many ask (design D8). Several gateways may wait for
// the same runtime and ask different replicas of the API server, so the Lease itself says who waits: each write starts from what
// is there, and is refused when another replica was faster. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { demandLeaseName } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';
import { demandOfLease, freshest, leaseOfDemand, leaseSeconds, type Demand } from './demand-lease.ts';

export interface DemandInput {
  /** Epoch ms of the newest waiting statement. */
  readonly arrivedAt: EpochMs;
  readonly user: string;
  /** Which gateway asks. */
  readonly gateway: string;
}

export interface DemandRecorder {
  record(runtime: XTrinode, demand: DemandInput): Promise<void>;
  /** This gateway waits no more. */
  end(runtime: XTrinode, gateway: string): Promise<void>;
}

const fieldManager = 'xtrinode-api-server';
const renewEveryMs = 5_000;
/** Another replica writes at most every five seconds as well: more than two in a row were faster is no race any more. */
const maxAttempts = 5;

/** What this replica knows of one runtime. */
interface Known {
  arrivedAt: EpochMs;
  renewedAt: EpochMs;
  heard: ReadonlyMap<string, EpochMs>;
}

export function createDemandRecorder(api: KubeApi, clock: Clock): DemandRecorder {
  const known = new Map<string, Known>();
  const chains = new Map<string, Promise<void>>();

  /** One write at a time per runtime; those who ask meanwhile share its result. */
  function inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const next = (chains.get(key) ?? Promise.resolve()).catch(() => undefined).then(work);
    chains.set(key, next);
    const forget = (): void => {
      if (chains.get(key) === next) chains.delete(key);
    };
    next.then(forget, forget);
    return next;
  }

  function isWritten(runtime: XTrinode, last: Known | undefined, demand: DemandInput): boolean {
    if (last === undefined || clock.now() - last.renewedAt >= renewEveryMs) return false;
    const { desired, decidedAt } = runtime.status?.lifecycle ?? {};
    // Put to sleep after what was written: a newer query must be seen at once. Before it, the operator has yet to look.
    const isSince = desired === 'Asleep' && decidedAt !== undefined && Date.parse(decidedAt) >= last.renewedAt;
    return !isSince || demand.arrivedAt <= last.arrivedAt;
  }

  /** Nobody has asked for these for long; their Leases have run out. */
  function prune(): void {
    for (const [key, { renewedAt }] of known) if (clock.now() - renewedAt > 4 * leaseSeconds * 1000) known.delete(key);
  }

  /** Writes what `change` makes of the Lease; undefined: nothing. */
  async function write(runtime: XTrinode, change: (before: Demand | undefined) => Demand | undefined): Promise<void> {
    const { namespace = 'default', name } = runtime.metadata;
    for (let attempt = 1; ; attempt += 1) {
      const nowMs = clock.now();
      const before = await api.get<Lease>(leases, { namespace, name: demandLeaseName(name) });
      const demand = change(demandOfLease(before, nowMs));
      if (demand === undefined) return;
      const lease = leaseOfDemand(runtime, demand, nowMs, before);
      try {
        if (before === undefined) await api.create(leases, lease, { fieldManager });
        else await api.apply(leases, lease, { fieldManager, force: true });
        return;
      } catch (error) {
        if (!isKubeError(error, 'Conflict', 'AlreadyExists') || attempt === maxAttempts) throw error;
      }
    }
  }

  return {
    record(runtime, demand) {
      const key = runtime.metadata.uid ?? '';
      return inTurn(key, async () => {
        const last = known.get(key);
        const heard = freshest(clock.now(), last?.heard ?? new Map(), new Map([[demand.gateway, clock.now()]]));
        if (last !== undefined && isWritten(runtime, last, demand)) {
          last.heard = heard;
          return;
        }
        let arrivedAt = demand.arrivedAt;
        const renewedAt = clock.now();
        await write(runtime, (before) => {
          // A query that waits is not forgotten for an older one at another gateway.
          arrivedAt = Math.max(demand.arrivedAt, before?.arrivedAt ?? 0);
          return { arrivedAt, user: demand.user, by: freshest(renewedAt, before?.by ?? new Map(), heard) };
        });
        prune();
        known.set(key, { arrivedAt, renewedAt, heard });
      });
    },
    end(runtime, gateway) {
      const key = runtime.metadata.uid ?? '';
      return inTurn(key, async () => {
        const last = known.get(key);
        const others = new Map([...(last?.heard ?? [])].filter(([one]) => one !== gateway));
        if (last !== undefined && others.size > 0) last.heard = others;
        else known.delete(key);
        await write(runtime, (before) => {
          if (before === undefined || !before.by.has(gateway)) return undefined;
          const by = new Map([...freshest(clock.now(), before.by, others)].filter(([one]) => one !== gateway));
          return { ...before, by };
        });
      });
    },
  };
}
