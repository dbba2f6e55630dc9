// The contract of the Lease by which a gateway says that it lives, and how far it has followed the route table (docs/contracts.md):
// the API server writes it, the operator reads it, and the two may be of different releases. Pure.
import type { EpochMs } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { gatewayNamespace } from './resources.ts';

/** Raised when a reader of the version before would misunderstand the Lease; fields may be added without. */
export const routeReaderSchema = 1;
const schemaAnnotation = 'xtrinode.io/route-reader-schema';
/** `resourceVersion` of the newest change of a route ConfigMap that the gateway acts on. */
const appliedAnnotation = 'xtrinode.io/routes-applied';
/** Queries that run through the gateway, as JSON by runtime: of those with a bound (`maxRunning`). Other gateways hear of it. */
export const runningAnnotation = 'xtrinode.io/running';
/** Marks these Leases; its value is the name of the gateway. */
export const routeReaderLabel = 'xtrinode.io/route-reader';

/** A gateway that has not been heard for this long is gone, and nobody waits for its word. Gateways speak every 8 s. */
export const routeReaderSeconds = 25;

export interface RouteReader {
  readonly gateway: string;
  readonly appliedVersion: string;
  /** Unless it is heard again. */
  readonly endsAt: EpochMs;
}

/** Empty for what cannot be read. Throws nothing. */
export function runningOf({ metadata }: Lease): Readonly<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(metadata.annotations?.[runningAnnotation] ?? '{}');
    const entries = Object.entries(value ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0);
    return Object.fromEntries(entries);
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

export function routeReaderLeaseName(gateway: string): string {
  return `xtrinode-gateway-${gateway}`;
}

export function leaseOfRouteReader(gateway: string, appliedVersion: string, nowMs: EpochMs): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: routeReaderLeaseName(gateway),
      namespace: gatewayNamespace,
      labels: { [routeReaderLabel]: gateway },
      annotations: { [schemaAnnotation]: String(routeReaderSchema), [appliedAnnotation]: appliedVersion },
    },
    spec: {
      holderIdentity: gateway,
      leaseDurationSeconds: routeReaderSeconds,
      renewTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    },
  };
}

/** Undefined for what cannot be read: it is as if that gateway did not speak. */
export function routeReaderOf({ metadata, spec }: Lease): RouteReader | undefined {
  const gateway = metadata.labels?.[routeReaderLabel];
  const appliedVersion = metadata.annotations?.[appliedAnnotation];
  const endsAt = Date.parse(spec.renewTime ?? '') + (spec.leaseDurationSeconds ?? routeReaderSeconds) * 1_000;
  const isReadable = metadata.annotations?.[schemaAnnotation] === String(routeReaderSchema) && !Number.isNaN(endsAt);
  return isReadable && gateway !== undefined && appliedVersion !== undefined ? { gateway, appliedVersion, endsAt } : undefined;
}
