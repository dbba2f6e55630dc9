// What a demand Lease says, and how it is said (design D8): who waits for a runtime, as seen by every replica of the API server.
// The operator reads acquireTime, renewTime, duration and whether there is a holder. Pure.
import type { EpochMs } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { apiVersion, demandByAnnotation, demandLabel, demandLeaseName } from '#apis/v1/resources.ts';
import { demandSchema, demandSchemaAnnotation, findDemandProblem } from '#apis/v1/demand-lease.ts';
import type { XTrinode } from '#apis/v1/objects.ts';

export interface Demand {
  /** Of the newest waiting statement. */
  readonly arrivedAt: EpochMs;
  /** Gateways that wait, with when each was last heard. */
  readonly by: ReadonlyMap<string, EpochMs>;
  readonly user: string;
}

/** A gateway that has not been heard for this long waits no more; the operator judges the whole Lease by the same. */
export const leaseSeconds = 15;

function microTime(atMs: EpochMs): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

function parseBy(text: string | undefined): ReadonlyMap<string, EpochMs> {
  if (text === undefined) return new Map();
  try {
    const value: unknown = JSON.parse(text);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  } catch (error) {
    // Somebody's edit: as if nobody had been heard, which the next renewal puts right.
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** Entries that are still fresh. */
export function freshest(nowMs: EpochMs, ...all: readonly ReadonlyMap<string, EpochMs>[]): ReadonlyMap<string, EpochMs> {
  const merged = new Map<string, EpochMs>();
  for (const by of all) for (const [gateway, at] of by) merged.set(gateway, Math.max(at, merged.get(gateway) ?? 0));
  return new Map([...merged].filter(([, at]) => nowMs - at < leaseSeconds * 1_000));
}

/** Undefined when nobody waits. */
export function demandOfLease(lease: Lease | undefined, nowMs: EpochMs): Demand | undefined {
  const { holderIdentity = '', acquireTime = '', renewTime = '' } = lease?.spec ?? {};
  // What cannot be read is written anew, by what asks of its own accord every few seconds.
  const isLive =
    lease !== undefined &&
    findDemandProblem(lease) === undefined &&
    holderIdentity !== '' &&
    Date.parse(renewTime) + leaseSeconds * 1_000 > nowMs;
  if (!isLive) return undefined;
  const by = freshest(nowMs, parseBy(lease.metadata.annotations?.[demandByAnnotation]));
  return { arrivedAt: Date.parse(acquireTime), by, user: holderIdentity.replace(/^gateway:?/, '') };
}

/** `before`: the Lease that it replaces and no other; a demand by nobody ends it. */
export function leaseOfDemand(runtime: XTrinode, demand: Demand, nowMs: EpochMs, before: Lease | undefined): Lease {
  const { namespace = 'default', name, uid = '' } = runtime.metadata;
  const holder = demand.user === '' ? 'gateway' : `gateway:${demand.user}`.slice(0, 128);
  const isOver = demand.by.size === 0;
  const resourceVersion = before?.metadata.resourceVersion;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: demandLeaseName(name),
      namespace,
      labels: { [demandLabel]: name },
      annotations: { [demandSchemaAnnotation]: String(demandSchema), [demandByAnnotation]: JSON.stringify(Object.fromEntries(demand.by)) },
      ownerReferences: [{ apiVersion, kind: 'XTrinode', name, uid }],
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      holderIdentity: isOver ? '' : holder,
      leaseDurationSeconds: isOver ? 1 : leaseSeconds,
      acquireTime: microTime(demand.arrivedAt),
      renewTime: microTime(nowMs),
    },
  };
}
