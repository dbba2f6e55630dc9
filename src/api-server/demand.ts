// Demand as a Lease, one per runtime, written at most every five seconds however many ask (design D8). Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { apiVersion, demandLabel, demandLeaseName } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';

export interface DemandInput {
  /** Epoch ms of the newest waiting statement. */
  readonly arrivedAt: EpochMs;
  readonly user: string;
}

export interface DemandRecorder {
  record(runtime: XTrinode, demand: DemandInput): Promise<void>;
  end(runtime: XTrinode): Promise<void>;
}

const fieldManager = 'xtrinode-api-server';
const renewEveryMs = 5_000;
const leaseSeconds = 15;

interface Written {
  readonly arrivedAt: EpochMs;
  readonly renewedAt: EpochMs;
}

function microTime(atMs: EpochMs): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

export function createDemandRecorder(api: KubeApi, clock: Clock): DemandRecorder {
  const written = new Map<string, Written>();
  const chains = new Map<string, Promise<void>>();

  function leaseOf(runtime: XTrinode, spec: Lease['spec']): Lease {
    const { namespace = 'default', name, uid = '' } = runtime.metadata;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: demandLeaseName(name),
        namespace,
        labels: { [demandLabel]: name },
        ownerReferences: [{ apiVersion, kind: 'XTrinode', name, uid }],
      },
      spec,
    };
  }

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

  function isWritten(runtime: XTrinode, last: Written | undefined, demand: DemandInput): boolean {
    if (last === undefined || clock.now() - last.renewedAt >= renewEveryMs) return false;
    const { desired, decidedAt } = runtime.status?.lifecycle ?? {};
    // Put to sleep after what was written: a newer query must be seen at once. Before it, the operator has yet to look.
    const isSince = desired === 'Asleep' && decidedAt !== undefined && Date.parse(decidedAt) >= last.renewedAt;
    return !isSince || demand.arrivedAt <= last.arrivedAt;
  }

  /** Nobody has asked for these for long; their Leases have run out. */
  function prune(): void {
    for (const [key, { renewedAt }] of written) if (clock.now() - renewedAt > 4 * leaseSeconds * 1000) written.delete(key);
  }

  return {
    record(runtime, demand) {
      const key = runtime.metadata.uid ?? '';
      return inTurn(key, async () => {
        const last = written.get(key);
        if (isWritten(runtime, last, demand)) return;
        const arrivedAt = Math.max(demand.arrivedAt, last?.arrivedAt ?? 0);
        const renewedAt = clock.now();
        const spec = {
          holderIdentity: demand.user === '' ? 'gateway' : `gateway:${demand.user}`.slice(0, 128),
          leaseDurationSeconds: leaseSeconds,
          acquireTime: microTime(arrivedAt),
          renewTime: microTime(renewedAt),
        };
        await api.apply(leases, leaseOf(runtime, spec), { fieldManager, force: true });
        prune();
        written.set(key, { arrivedAt, renewedAt });
      });
    },
    end(runtime) {
      const key = runtime.metadata.uid ?? '';
      return inTurn(key, async () => {
        const last = written.get(key);
        written.delete(key);
        if (last === undefined) return;
        const spec = {
          holderIdentity: '',
          leaseDurationSeconds: 1,
          acquireTime: microTime(last.arrivedAt),
          renewTime: microTime(clock.now()),
        };
        await api.apply(leases, leaseOf(runtime, spec), { fieldManager, force: true });
      });
    },
  };
}
