// The gateway as a long-lived thing: listens, follows the route table, holds, hands over, stops. Shell.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { createAllowedForward } from './admit/allowed-forward.ts';
import { countNothing, type CountStatement } from './admit/statement-rates.ts';
import { openGuard, type Guard } from './admit/guard.ts';
import { createAliases } from './aliases.ts';
import { sendProblem } from './answers.ts';
import { createChallenges } from './challenges.ts';
import { pathForLog } from './classify.ts';
import { createForward } from './forward.ts';
import { createCoordinatorHealth } from './health/coordinator-health.ts';
import { createHeldPages } from './held-pages.ts';
import { createHeldRequests } from './held-requests.ts';
import { createDemandKeeper, type DemandPort } from './hold/demand.ts';
import { Gaps } from './hold/gaps.ts';
import { defaultHoldLimits, HoldQueue, type HoldLimits } from './hold/hold-queue.ts';
import { createRouteOf } from './hold/judge.ts';
import { createMemoryBudget } from './hold/memory-budget.ts';
import { createMarkedQueries } from './hold/marked-queries.ts';
import { createHeldAddresses } from './hold/held-address.ts';
import type { KeyRing } from './hold/seal-key.ts';
import { createTakeOver } from './hold/take-over.ts';
import { createPlaces } from './hold/places.ts';
import { createSubmitter } from './hold/submitter.ts';
import { createTurnstile } from './hold/turnstile.ts';
import type { ClientExchange } from './http/client-exchange.ts';
import { createHttpServer, type TlsFollowed } from './http/http-server.ts';
import { createKills } from './kills.ts';
import { createPipeline } from './pipeline.ts';
import { createProofs } from './proofs.ts';
import { createQueries } from './queries.ts';
import { describeGateway, type GatewayStatus } from './status.ts';
import type { Network } from '#core/network.ts';
import type { AccessLog } from './records/access-log.ts';
import { GatewayCounts } from './records/counts.ts';
import type { RequestContext } from './context.ts';
import { createRunningQueries } from './running-queries.ts';
import { createKnownCoordinators } from './routing/known-coordinators.ts';
import { emptyTable, keyOfEntry, type RouteTable } from './routing/route-table.ts';
import type { RouteSource } from './routing/route-source.ts';
import { createSeenFrom } from './seen-from.ts';
import { createStatements } from './statements.ts';
import { createCoordinatorClient } from './upstream/coordinator-client.ts';
import type { UpstreamObserver } from './upstream/coordinator-request.ts';
import type { CoordinatorTrust } from './upstream/coordinator-trust.ts';

export interface GatewayInit {
  readonly routes: Pick<RouteSource, 'table' | 'subscribe'>;
  readonly demand: DemandPort;
  readonly clock: Clock;
  /** The time of the machine, where `clock` is a steady one; default: the same. */
  readonly wall?: () => EpochMs;
  readonly log: Log;
  /** Two characters of [a-z2-9] that tell this replica from others. */
  readonly shard: string;
  /** Of the ids it gives; where replicas differ in it, two that have drawn one shard still give no id twice. */
  readonly firstSequence?: number;
  /** What held statements are sealed with, asked each time (hold/seal-keys.ts). */
  readonly keys: () => KeyRing;
  readonly limits?: HoldLimits;
  /** Default: credentials pass through. */
  readonly guard?: Guard;
  /** Default: statements are not counted. */
  readonly countStatement?: CountStatement;
  /**
   * True when no other gateway serves the same clients: then a statement whose coordinator died before its query began is
   * submitted again. Default false: with several, none can know alone that nobody has begun it.
   */
  readonly isOnlyReplica?: boolean;
  /** Of the queries that may run on a runtime, how many may go through this gateway. Default: all. */
  readonly shareOf?: (maxRunning: number, runtime: string) => number;
  /** Without it the gateway speaks plain HTTP. */
  readonly tls?: TlsFollowed;
  /** Whose certificates coordinators may show. Default: of the authorities that Node knows. */
  readonly coordinatorTrust?: CoordinatorTrust;
  /** Whether whoever wrote the routes has proven their coordinators, as the operator does. Default true. */
  readonly trustsRoutes?: boolean;
  /** Proxies in front that are believed about the client. Default: none. */
  readonly trustedProxies?: readonly Network[];
  /** Told of each request that is finished. */
  readonly accessLog?: AccessLog;
  /** Makes a trace (24 random bytes in hex) for statements without one. Default: they stay without. */
  readonly newTrace?: () => string;
}

export interface Gateway {
  /** Ports of all listeners are the same; 0 picks a free one. Rejects with EADDRINUSE when taken. */
  listen(hosts: readonly string[], port: number): Promise<number>;
  /** What it knows right now. */
  inspect(): GatewayStatus;
  /** What it has done so far. */
  readonly counts: GatewayCounts;
  stop(graceMs: number): Promise<void>;
}

/** Runtimes whose entry differs between two tables. */
export function changedRuntimes(before: RouteTable, after: RouteTable): string[] {
  const keys = new Set([...before.byKey.keys(), ...after.byKey.keys()]);
  return [...keys].filter((key) => before.byKey.get(key) !== after.byKey.get(key));
}

function coordinatorUrlsOf(entry: RouteEntry | undefined): string[] {
  const all = [entry?.coordinatorUrl, ...(entry?.retiring ?? []).map(({ coordinatorUrl }) => coordinatorUrl)];
  return all.filter((url) => url !== undefined);
}

export function createGateway({
  routes,
  demand,
  clock,
  log,
  shard,
  firstSequence = 0,
  keys,
  limits = defaultHoldLimits,
  guard = openGuard,
  countStatement = countNothing,
  isOnlyReplica = false,
  shareOf = (maxRunning) => maxRunning,
  trustsRoutes = true,
  tls,
  coordinatorTrust,
  wall = clock.now,
  trustedProxies,
  accessLog,
  newTrace,
}: GatewayInit): Gateway {
  const { table } = routes;
  const counts = new GatewayCounts();
  const observer: UpstreamObserver = {
    answered: (url, status) => health.answered(url, status),
    failed(url, how) {
      counts.upstream[how] += 1;
      health.suspect(url);
    },
    slow: (url) => health.suspect(url),
    sentAgain: () => void (counts.upstream.retries += 1),
  };
  const client = createCoordinatorClient({ clock, observer, trust: coordinatorTrust });
  const known = createKnownCoordinators(table);
  const running = createRunningQueries({
    clock,
    isAwaited: (runtime) => boundOf(runtime) !== undefined && queue.waitingFor(runtime) > 0,
    onEnded: (runtime) => places.offer(runtime),
  });
  const routeOf = createRouteOf(table, known);
  const keeper = createDemandKeeper(demand, clock, log, counts.wishes);
  const turnstile = createTurnstile({ clock, onTurn: (runtime) => queue.nudgeNext(runtime) });
  const budget = createMemoryBudget(limits.totalBytes);
  const needsDemand = (runtime: string): boolean => {
    const state = table().byKey.get(runtime)?.state;
    // RUNNING but not taking statements: it may be going to sleep or have died just now.
    return state === 'PAUSED' || state === 'RESUMING' || (state === 'RUNNING' && (turnstile.isShut(runtime) || proofs.isUnderWay(runtime)));
  };
  const onAbandoned = (runtime: string): void => void (counts.of(runtime).abandoned += 1);
  const onSweep = (runtimes: Iterable<string>): void => {
    for (const runtime of runtimes) places.offer(runtime);
  };
  const gaps = new Gaps(clock);
  const queue = new HoldQueue({ clock, demand: keeper, limits, budget, gaps, shard, firstSequence, needsDemand, onAbandoned, onSweep });
  const isServing = (runtime: string): boolean =>
    table().byKey.get(runtime)?.state === 'RUNNING' && !turnstile.isShut(runtime) && !proofs.isUnderWay(runtime);
  const boundOf = (runtime: string): number | undefined => {
    const maxRunning = table().byKey.get(runtime)?.maxRunning;
    return maxRunning === undefined || !isServing(runtime) ? undefined : shareOf(maxRunning, runtime);
  };
  const places = createPlaces({ queue, running, boundOf, isServing, clock });
  const proofs = createProofs({
    client,
    clock,
    log,
    trustsRoutes,
    isAwaited: (runtime) => queue.waitingFor(runtime) > 0,
    onProven: known.learnAnswer,
    onEnd: (runtime) => queue.notify([runtime]),
  });
  const health = createCoordinatorHealth({
    client: () => client,
    clock,
    log,
    onChange(url, isEjected) {
      const runtimes = [...table().byKey].filter(([, { coordinatorUrl }]) => coordinatorUrl === url).map(([runtime]) => runtime);
      for (const runtime of runtimes) {
        if (isEjected) counts.of(runtime).ejections += 1;
        else turnstile.forget(runtime);
      }
      queue.notify(runtimes);
    },
  });
  const isAway = (entry: RouteEntry): boolean =>
    health.ejectionOf(entry.coordinatorUrl) !== undefined || turnstile.waitMs(keyOfEntry(entry)) > 0;
  const submitter = createSubmitter({
    table,
    queue,
    turnstile,
    places,
    running,
    known,
    proofs,
    health,
    client,
    counts,
    clock,
    log,
    isOnlyReplica,
  });
  const addresses = createHeldAddresses(keys, { now: clock.now, wall });
  const marked = createMarkedQueries(client, log);
  const { mayUse } = guard;
  const loadOf = (runtime: string): number => running.countOf(runtime) + queue.waitingFor(runtime);
  const takeOver = createTakeOver({ table, queue, mayUse, isAway, loadOf, isFull: places.isFull, log });
  const failed = (exchange: ClientExchange, error: unknown, id?: string): void => {
    const { method, target } = exchange.head;
    const what = id === undefined ? { path: pathForLog(target) } : { id };
    log.error('a request failed inside the gateway', { method, ...what, error });
    sendProblem(exchange, { code: 'UNREACHABLE', detail: 'the gateway failed to answer; its log says why.' });
    if (!exchange.isEnded) exchange.destroy();
  };
  const pages = createHeldPages({ routeOf, mayUse, queue, submitter, places, takeOver, addresses, counts, clock, failed });
  const aliases = createAliases({ table, queue, marked });
  const kills = createKills({ table, mayUse, queue, aliases, submitter, known, client });
  const statements = createStatements({
    table,
    routeOf,
    mayUse,
    countStatement,
    queue,
    running,
    health,
    places,
    submitter,
    kills,
    challenges: createChallenges({ table, client }),
    budget,
    addresses,
    pages,
    counts,
    ...(newTrace === undefined ? {} : { newTrace }),
    clock,
  });
  const heldRequests = createHeldRequests({ table, routeOf, queue, submitter, marked, addresses, keys, pages, clock });
  const forward = createAllowedForward(createForward({ table, client, budget, counts, gaps, clock }), mayUse);
  const queries = createQueries({ table, known, queue, running, aliases, marked, heldRequests, forward, counts, clock, log });
  let isStopping = false;
  const isReady = (): boolean => !isStopping && table().byKey.size > 0 && keys().isComplete && guard.isReady();
  const onFinished = (context: RequestContext): void => {
    const { exchange, notes } = context;
    counts.finished(notes.kind, exchange.isEnded ? exchange.status : 0);
    accessLog?.(context, clock.now());
  };
  const pipeline = createPipeline({
    guard,
    table,
    queue,
    statements,
    heldRequests,
    queries,
    forward,
    startedAt: clock.now(),
    now: clock.now,
    isReady,
    seenFrom: createSeenFrom(trustedProxies),
    onFinished,
  });
  let seen = emptyTable;

  function follow(next: RouteTable): void {
    const changed = changedRuntimes(seen, next);
    for (const url of changed.flatMap((runtime) => coordinatorUrlsOf(seen.byKey.get(runtime)))) health.forget(url);
    seen = next;
    known.learn(next);
    client.retain(
      new Set(
        [...next.byKey.values(), ...next.byCoordinatorId.values()].flatMap(({ coordinatorUrl }) =>
          coordinatorUrl === undefined ? [] : [coordinatorUrl],
        ),
      ),
    );
    for (const runtime of changed) {
      turnstile.forget(runtime);
      proofs.follow(runtime, next.byKey.get(runtime));
    }
    counts.retain((runtime) => (next.byKey.get(runtime)?.state ?? 'REMOVED') !== 'REMOVED');
    queue.notify(changed);
  }
  follow(table());
  const endFollowing = routes.subscribe(follow);

  function handle(exchange: ClientExchange): void {
    try {
      pipeline(exchange)?.catch((error: unknown) => failed(exchange, error));
    } catch (error) {
      failed(exchange, error);
    }
  }
  const server = createHttpServer({
    clock,
    handle,
    ...(tls === undefined ? {} : { tls }),
    onHandshakeFailed: ({ why, clientAddress, count }) => log.info('a TLS handshake failed', { why, clientAddress, count }),
  });

  return {
    async listen(hosts, port) {
      let bound = port;
      for (const host of hosts) bound = await server.listen(host, bound);
      return bound;
    },
    inspect: () =>
      describeGateway({
        table: table(),
        isReady: isReady(),
        isStopping,
        connections: { clients: server.connections, coordinators: client.connections },
        openRequests: queue.openRequests,
        heldBytes: budget.usedBytes,
        queuedFor: (runtime) => queue.shareOf(runtime),
        runningOn: running.shareOf,
        ejectionOf(url) {
          const ejection = health.ejectionOf(url);
          return ejection === undefined ? undefined : { ...ejection, since: ejection.since + wall() - clock.now() };
        },
      }),
    counts,
    async stop(graceMs) {
      isStopping = true;
      endFollowing();
      const stopped = server.stop();
      queue.stop();
      guard.login?.stop();
      proofs.stop();
      health.stop();
      const cancel = clock.after(graceMs, () => server.destroy());
      await stopped;
      cancel();
      await keeper.stop(keys().isShared);
      client.stop();
    },
  };
}
