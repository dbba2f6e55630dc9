// The gateway as a long-lived thing: listens, follows the route table, holds, hands over, stops. Shell.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { sendProblem } from './answers.ts';
import { createDemandKeeper, type DemandPort } from './hold/demand.ts';
import { defaultHoldLimits, HoldQueue, type HoldLimits } from './hold/hold-queue.ts';
import { createSlugs } from './hold/slug.ts';
import { createPipeline } from './pipeline.ts';
import { createQueries } from './queries.ts';
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
  readonly limits?: HoldLimits;
}

export interface Gateway {
  /** Ports of all listeners are the same; 0 picks a free one. Rejects with EADDRINUSE when taken. */
  listen(hosts: readonly string[], port: number): Promise<number>;
  stop(graceMs: number): Promise<void>;
}

/** Above the idle time-outs of clients' pools and load balancers, so that they close first (trino-protocol 8.1). */
const keepAliveTimeoutMs = 75_000;
const maxHeaderBytes = 128 * 1024;

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

export function createGateway({ routes, demand, clock, log, shard, limits }: GatewayInit): Gateway {
  const { table } = routes;
  const client = createCoordinatorClient();
  const known = createKnownCoordinators();
  const keeper = createDemandKeeper(demand, clock, log);
  const needsDemand = (runtime: string): boolean => {
    const entry = table().byKey.get(runtime);
    return entry !== undefined && entry.state !== 'RUNNING' && entry.state !== 'REMOVED';
  };
  const queue = new HoldQueue({ clock, demand: keeper, limits: limits ?? defaultHoldLimits, shard, needsDemand });
  const statements = createStatements({ table, queue, client, slugs: createSlugs(), clock, log });
  const queries = createQueries({ table, known, queue, client, clock, log });
  let isStopping = false;
  const pipeline = createPipeline({ table, queue, statements, queries, startedAt: clock.now(), now: clock.now, isReady: () => !isStopping && table().byKey.size > 0 });
  let seen = emptyTable;

  function follow(next: RouteTable): void {
    const changed = changedRuntimes(seen, next);
    seen = next;
    known.learn(next);
    client.retain(new Set([...next.byKey.values()].flatMap(({ coordinatorUrl }) => (coordinatorUrl === undefined ? [] : [coordinatorUrl]))));
    queue.notify(changed);
  }
  follow(table());
  const endFollowing = routes.subscribe(follow);

  const servers: Server[] = [];
  function createListener(): Server {
    const server = createServer({ maxHeaderSize: maxHeaderBytes, requestTimeout: 0, keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
      pipeline(request, response).catch((error: unknown) => {
        log.error('a request failed inside the gateway', { method: request.method, path: request.url?.replace(/\?.*/, ''), error });
        sendProblem(response, { code: 'UNREACHABLE', detail: 'the gateway failed to answer; its log says why.' });
        if (!response.writableEnded) response.destroy();
      });
    });
    servers.push(server);
    return server;
  }

  return {
    async listen(hosts, port) {
      let bound = port;
      for (const host of hosts) bound = await listenOn(createListener(), host, bound);
      return bound;
    },
    async stop(graceMs) {
      isStopping = true;
      endFollowing();
      queue.stop();
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const server of servers) server.closeIdleConnections();
      const cancel = clock.after(graceMs, () => servers.forEach((server) => server.closeAllConnections()));
      await Promise.all(closed);
      cancel();
      await keeper.stop();
      client.stop();
    },
  };
}
