// Composition of the gateway, the same for `up` and for a process of its own. What differs between its modes are parameters: where
// routes come from, who is asked to wake a runtime, and how it listens.
import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { Network } from '#core/network.ts';
import type { AccessLog } from '#gateway/records/access-log.ts';
import type { DemandPort } from '#gateway/hold/demand.ts';
import { createOwnKeys, type SealKeys } from '#gateway/hold/seal-keys.ts';
import type { SharedPlaces } from '#gateway/hold/shared-places.ts';
import type { RouteReport } from '#gateway/routing/route-report.ts';
import type { HoldLimits } from '#gateway/hold/hold-queue.ts';
import type { RouteSource } from '#gateway/routing/route-source.ts';
import type { RouteTable } from '#gateway/routing/route-table.ts';
import type { RuntimeStatus } from '#gateway/status.ts';
import type { TlsSource } from '#gateway/http/tls-files.ts';
import { createGateway, type Gateway } from '#gateway/server.ts';
import type { CoordinatorTrust } from '#gateway/upstream/coordinator-trust.ts';
import type { Log } from '#observe/log.ts';
import { createSteadyClock } from '#observe/steady-clock.ts';
import type { GatewayGuard } from './gateway-guard.ts';

export interface GatewayInit {
  readonly routes: RouteSource;
  readonly demand: DemandPort;
  /** Absent where nobody wants to know. */
  readonly report?: RouteReport;
  /** Without them held statements are sealed with a key of this process alone. */
  readonly sealKeys?: SealKeys;
  /** Without it credentials pass through to the coordinators. */
  readonly guard?: GatewayGuard;
  readonly clock: Clock;
  readonly log: Log;
  /** See GatewayInit of the gateway itself. */
  readonly limits?: HoldLimits;
  readonly isOnlyReplica?: boolean;
  readonly trustsRoutes?: boolean;
  readonly shareOf?: (maxRunning: number, runtime: string) => number;
  /** Where several gateways share the places of a runtime. */
  readonly sharedPlaces?: SharedPlaces;
  readonly tls?: TlsSource;
  readonly coordinatorTrust?: CoordinatorTrust;
  readonly trustedProxies?: readonly Network[];
  readonly accessLog?: AccessLog;
  readonly newTrace?: () => string;
  /** Makes it listen; returns the port that was taken. Its routes are not known by then. */
  readonly open: (gateway: Pick<Gateway, 'listen' | 'inspect' | 'counts'>) => Promise<number>;
}

export interface GatewayRole {
  readonly port: number;
  /** Running answers get `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Tells this gateway from others to the API server. */
export function randomGatewayName(): string {
  return randomBytes(8).toString('hex');
}

const shardAlphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Two characters of [a-z2-9] that tell one gateway from others. */
export function randomShard(): string {
  return [...randomBytes(2)].map((byte) => shardAlphabet[byte % shardAlphabet.length]).join('');
}

/** Listens first, so that a taken port is known before anything else happens; fulfilled when routes and keys are known. */
export async function startGateway({ routes, sealKeys, guard, report, sharedPlaces, open, ...init }: GatewayInit): Promise<GatewayRole> {
  const ownKeys = createOwnKeys();
  if (sealKeys === undefined) init.log.info('there are no shared seal keys: waiting statements stay with this gateway and end with it');
  const keys = sealKeys?.ring ?? (() => ownKeys);
  const clock = createSteadyClock(init.clock);
  const gateway = createGateway({
    ...init,
    ...(sharedPlaces === undefined ? {} : { shareOf: sharedPlaces.shareOf }),
    clock,
    wall: clock.wall,
    ...(guard === undefined ? {} : { guard: guard.guard, countStatement: guard.countStatement }),
    routes,
    keys,
    shard: randomShard(),
    firstSequence: randomInt(100_000),
  });
  const port = await open(gateway);
  const stop = async (graceMs: number): Promise<void> => {
    // What still comes follows the routes to the last.
    await gateway.stop(graceMs);
    sharedPlaces?.stop();
    await report?.stop();
    routes.stop();
    sealKeys?.stop();
    guard?.stop();
  };
  try {
    await routes.start();
    await sealKeys?.start();
    await guard?.start();
    report?.start(routes);
    sharedPlaces?.start(() => runningOfBounded(routes.table(), gateway.inspect().runtimes));
  } catch (error) {
    await stop(0);
    throw error;
  }
  return { port, stop };
}

/** Undefined where no runtime has a bound. */
function runningOfBounded(table: RouteTable, runtimes: readonly RuntimeStatus[]): Record<string, number> | undefined {
  const bounded = runtimes.filter(({ namespace, name }) => table.byKey.get(`${namespace}/${name}`)?.maxRunning !== undefined);
  if (bounded.length === 0) return undefined;
  return Object.fromEntries(
    bounded.filter(({ running }) => running > 0).map(({ namespace, name, running }) => [`${namespace}/${name}`, running]),
  );
}
