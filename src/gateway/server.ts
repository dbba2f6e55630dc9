// The gateway as a long-lived thing: listens, follows the route table, holds, hands over, stops. Shell.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { createAliases } from './aliases.ts';
import { sendProblem } from './answers.ts';
import { pathForLog } from './classify.ts';
import { createForward } from './forward.ts';
import { createHeldPages } from './held-pages.ts';
import { createHeldRequests } from './held-requests.ts';
import { createDemandKeeper, type DemandPort } from './hold/demand.ts';
import { defaultHoldLimits, HoldQueue, type HoldLimits } from './hold/hold-queue.ts';
import { createRouteOf } from './hold/judge.ts';
import { createMemoryBudget } from './hold/memory-budget.ts';
import { createMarkedQueries } from './hold/marked-queries.ts';
import { createHeldAddresses } from './hold/held-address.ts';
import type { KeyRing } from './hold/seal-key.ts';
import { createSubmitter } from './hold/submitter.ts';
import { createTurnstile } from './hold/turnstile.ts';
import { createKills } from './kills.ts';
import { createPipeline } from './pipeline.ts';
import { createProofs } from './proofs.ts';
import { createQueries } from './queries.ts';
import { describeGateway, type GatewayStatus } from './status.ts';
import { createRunningQueries } from './running-queries.ts';
import { createKnownCoordinators } from './routing/known-coordinators.ts';
import { emptyTable, type RouteTable } from './routing/route-table.ts';
import type { RouteSource } from './routing/route-source.ts';
import { createStatements } from './statements.ts';
import { createCoordinatorClient } from './upstream/coordinator-client.ts';

export interface GatewayInit {
  readonly routes: Pick<RouteSource, 'table' | 'subscribe'>;
  readonly demand: DemandPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Two characters of [a-z2-9] that tell this replica from others. */
  readonly shard: string;
  /** Of the ids it gives; where replicas differ in it, two that have drawn one shard still give no id twice. */
  readonly firstSequence?: number;
  /** What held statements are sealed with, asked each time (hold/seal-keys.ts). */
  readonly keys: () => KeyRing;
  readonly limits?: HoldLimits;
  /**
   * True when no other gateway serves the same clients: then a statement whose coordinator died before its query began is
   * submitted again. Default false: with several, none can know alone that nobody has begun it.
   */
  readonly isOnlyReplica?: boolean;
  /** Whether whoever wrote the routes has proven their coordinators, as the operator does. Default true. */
  readonly trustsRoutes?: boolean;
}

export interface Gateway {
  /** Ports of all listeners are the same; 0 picks a free one. Rejects with EADDRINUSE when taken. */
  listen(hosts: readonly string[], port: number): Promise<number>;
  /** What it knows right now. */
  inspect(): GatewayStatus;
  stop(graceMs: number): Promise<void>;
}

/** Above the idle time-outs of clients' pools and load balancers, so that they close first (trino-protocol 8.1). */
const keepAliveTimeoutMs = 75_000;
const maxHeaderBytes = 128 * 1024;
/** A whole request, its body included, has to arrive within this: 16 MiB over a slow line. */
const requestTimeoutMs = 120_000;

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Runtimes whose entry differs between two tables. */
export function changedRuntimes(before: RouteTable, after: RouteTable): string[] {
  const keys = new Set([...before.byKey.keys(), ...after.byKey.keys()]);
  return [...keys].filter((key) => before.byKey.get(key) !== after.byKey.get(key));
}

/** What Node's parser refuses. A request that came too slowly is cut without a 408, which makes some clients send it again. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const isSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET';
  if (isSlow || !socket.writable) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
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
  isOnlyReplica = false,
  trustsRoutes = true,
}: GatewayInit): Gateway {
  const { table } = routes;
  const client = createCoordinatorClient(clock);
  const known = createKnownCoordinators(table);
  const running = createRunningQueries(clock);
  const routeOf = createRouteOf(table, known);
  const keeper = createDemandKeeper(demand, clock, log);
  const turnstile = createTurnstile(clock);
  const budget = createMemoryBudget(limits.totalBytes);
  const needsDemand = (runtime: string): boolean => {
    const state = table().byKey.get(runtime)?.state;
    // RUNNING but not taking statements: it may be going to sleep or have died just now.
    return state === 'PAUSED' || state === 'RESUMING' || (state === 'RUNNING' && (turnstile.isShut(runtime) || proofs.isUnderWay(runtime)));
  };
  const queue = new HoldQueue({ clock, demand: keeper, limits, budget, shard, firstSequence, needsDemand });
  const proofs = createProofs({
    client,
    clock,
    log,
    trustsRoutes,
    isAwaited: (runtime) => queue.waitingFor(runtime) > 0,
    onProven: known.learnAnswer,
    onEnd: (runtime) => queue.notify([runtime]),
  });
  const submitter = createSubmitter({ queue, turnstile, running, known, proofs, client, clock, log, isOnlyReplica });
  const addresses = createHeldAddresses(keys);
  const marked = createMarkedQueries(client, log);
  const pages = createHeldPages({ routeOf, queue, submitter, addresses, clock });
  const aliases = createAliases({ table, queue, marked });
  const kills = createKills({ table, queue, aliases, submitter, known, client });
  const statements = createStatements({ table, routeOf, queue, running, submitter, kills, budget, addresses, pages, clock });
  const heldRequests = createHeldRequests({ table, routeOf, queue, submitter, marked, addresses, keys, pages, clock });
  const forward = createForward({ client, budget, clock });
  const queries = createQueries({ table, known, queue, running, aliases, marked, heldRequests, forward, clock, log });
  let isStopping = false;
  const isReady = (): boolean => !isStopping && table().byKey.size > 0 && keys().isComplete;
  const pipeline = createPipeline({
    table,
    queue,
    statements,
    heldRequests,
    queries,
    forward,
    startedAt: clock.now(),
    now: clock.now,
    isReady,
  });
  const answering = new Set<ServerResponse>();
  let seen = emptyTable;

  function follow(next: RouteTable): void {
    const changed = changedRuntimes(seen, next);
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
    queue.notify(changed);
  }
  follow(table());
  const endFollowing = routes.subscribe(follow);

  const servers: Server[] = [];
  function createListener(): Server {
    const server = createServer(
      { maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
      (request, response) => {
        answering.add(response);
        response.once('close', () => answering.delete(response));
        response.shouldKeepAlive &&= !isStopping;
        pipeline(request, response).catch((error: unknown) => {
          log.error('a request failed inside the gateway', { method: request.method, path: pathForLog(request.url ?? ''), error });
          sendProblem(response, { code: 'UNREACHABLE', detail: 'the gateway failed to answer; its log says why.' });
          if (!response.writableEnded) response.destroy();
        });
      },
    );
    server.on('clientError', refuseMalformed);
    servers.push(server);
    return server;
  }

  return {
    async listen(hosts, port) {
      let bound = port;
      for (const host of hosts) bound = await listenOn(createListener(), host, bound);
      return bound;
    },
    inspect: () =>
      describeGateway({
        table: table(),
        isReady: isReady(),
        isStopping,
        queuedFor: (runtime) => queue.waitingFor(runtime),
        runningOn: running.countOf,
      }),
    async stop(graceMs) {
      isStopping = true;
      endFollowing();
      for (const response of answering) response.shouldKeepAlive = false;
      queue.stop();
      proofs.stop();
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const server of servers) server.closeIdleConnections();
      const cancel = clock.after(graceMs, () => servers.forEach((server) => server.closeAllConnections()));
      await Promise.all(closed);
      cancel();
      await keeper.stop(keys().isShared);
      client.stop();
    },
  };
}
