// From a spec to the resolved shape of a runtime: resources per role, number of workers, image, memory. Everything after
// this works on the shape, so no renderer knows presets or defaults. Pure. Source: reference-api section 4.3.
import { canonicalQuantity, parseBytes, parseMilliCpu } from '#core/quantity.ts';
import type { ResourceRequirements } from '#core/objects.ts';
import type { XTrinodeSpec } from '#apis/v1/objects.ts';
import type { Role } from '#apis/v1/names.ts';
import { defaultWorkers, sizes } from '#apis/v1/sizes.ts';
import { sizeMemory, type MemorySizing } from '#trino/memory-sizing.ts';

export interface RoleShape {
  readonly resources: ResourceRequirements;
  readonly memory: MemorySizing;
}

export interface RuntimeShape {
  readonly version: number;
  readonly image: string;
  readonly coordinator: RoleShape;
  readonly worker: RoleShape;
  /** Workers while awake. */
  readonly workers: number;
  /** Whether the coordinator takes splits itself, see coordinatorWorks. */
  readonly coordinatorWorks: boolean;
}

function roleShape(spec: XTrinodeSpec, role: Role): RoleShape {
  const chosen = (spec.resources?.[role] ?? sizes[spec.size][role]) as {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
  const memory = chosen.limits?.['memory'] ?? chosen.requests?.['memory'] ?? sizes[spec.size][role].limits?.['memory'] ?? '8Gi';
  // As the API server gives them back: written otherwise, what runs would never be what is wanted; and another spelling is no change.
  const texts = (list: Readonly<Record<string, string | number>> | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(list ?? {}).map(([key, value]) => [key, canonicalQuantity(String(value))]));
  return {
    resources: {
      ...(chosen.requests === undefined ? {} : { requests: texts(chosen.requests) }),
      ...(chosen.limits === undefined ? {} : { limits: texts(chosen.limits) }),
    },
    memory: sizeMemory(Number(parseBytes(String(memory)))),
  };
}

/** Fixed mode: spec.workers, else maxWorkers, else 2; never above maxWorkers nor below minWorkers, whoever scales. */
export function workersOf(spec: XTrinodeSpec): number {
  const wanted = spec.workers ?? spec.maxWorkers ?? defaultWorkers;
  return Math.max(Math.min(wanted, spec.maxWorkers ?? wanted), spec.minWorkers);
}

/** Units of 2 CPU. Source: reference-api section 4.2. */
const milliCpuPerUnit = 2_000n;

/** What a runtime can do, as its weight within its routing group; at least 1. Throws RangeError for a quantity that cannot be read. */
export function capacityUnitsOf(spec: XTrinodeSpec): number {
  if (spec.routing?.capacityUnits !== undefined) return spec.routing.capacityUnits;
  const cpu = roleShape(spec, 'worker').resources.requests?.['cpu'] ?? '0';
  const units = Number((parseMilliCpu(cpu) * BigInt(workersOf(spec)) + milliCpuPerUnit - 1n) / milliCpuPerUnit);
  return Math.max(1, units);
}

/**
 * In the smallest size the coordinator has a worker's resources and works too: a first query then runs as soon as the
 * coordinator is up, and does not wait the 5 to 15 s until Trino has noticed a worker (decision 0010). `maxWorkers: 0` asks for
 * a coordinator alone. Never a matter of the present number of workers, whose change must not restart anything.
 */
function coordinatorWorks(spec: XTrinodeSpec): boolean {
  return spec.size === 'xs' || spec.maxWorkers === 0;
}

/** Throws RangeError for a quantity that cannot be read; admission refuses those before. */
export function resolveShape(spec: XTrinodeSpec): RuntimeShape {
  return {
    version: Number(spec.version),
    image: spec.image ?? `trinodb/trino:${spec.version}`,
    coordinator: roleShape(spec, 'coordinator'),
    worker: roleShape(spec, 'worker'),
    workers: workersOf(spec),
    coordinatorWorks: coordinatorWorks(spec),
  };
}
