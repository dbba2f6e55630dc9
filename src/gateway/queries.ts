// Follow-ups of running queries: routed by the coordinator's id at the end of the query id, streamed untouched (design D4,
// D6). A coordinator that does not answer gets a moment, then keep-alive pages, then a Trino-shaped error (trino-protocol 8).
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { upstreamHeaders } from '#trino/protocol/headers.ts';
import { coordinatorIdOf, isHeldId } from '#trino/protocol/query-id.ts';
import { formatErrorPage, formatKeepAlivePage } from '#trino/protocol/synthetic-page.ts';
import type { Log } from '#observe/log.ts';
import { sendEmpty, sendPage, sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';
import type { KnownCoordinators } from './routing/known-coordinators.ts';
import { relay, UpstreamError, type CoordinatorClient } from './upstream/coordinator-client.ts';

export interface QueriesInit {
  readonly table: () => RouteTable;
  readonly known: KnownCoordinators;
  readonly queue: HoldQueue;
  readonly client: CoordinatorClient;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Queries {
  /** A statement path or /v1/query/{id}. */
  follow(context: RequestContext, id: string): Promise<void>;
  /** Any request to a coordinator that accepts it; false when it could not be reached. */
  forward(context: RequestContext, entry: RouteEntry, path: string): Promise<boolean>;
}

/** Trino long-polls for one second; a page that takes longer than this is a stalled coordinator. */
const headTimeoutMs = 120_000;
const retries = 4;
const retryPauseMs = 150;
/** Keep-alive pages bridge at most this long, per query. */
const bridgeMs = 2 * 60_000;
const maxBridged = 10_000;

export function createQueries({ table, known, queue, client, clock, log }: QueriesInit): Queries {
  const bridgedSince = new Map<string, number>();

  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

  function open(context: RequestContext, entry: RouteEntry, path: string): Promise<IncomingMessage> {
    const headers = upstreamHeaders(context.headers, context.forwarded);
    return client.open({ baseUrl: entry.coordinatorUrl ?? '', method: context.method, path, headers, signal: context.gone, headTimeoutMs });
  }

  async function forward(context: RequestContext, entry: RouteEntry, path: string): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await open(context, entry, path);
        await relay(response, context.response);
        return true;
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (context.gone.aborted || attempt >= retries) return false;
        await pause(retryPauseMs);
      }
    }
  }

  /** Why the query cannot be reached any more, or undefined when there is still hope. */
  function lossOf(id: string, runtime: string): string | undefined {
    const current = table().byKey.get(runtime);
    if (current === undefined || current.state === 'REMOVED') return `runtime ${runtime} was deleted while the query ran`;
    if (current.coordinatorId !== undefined && current.coordinatorId !== coordinatorIdOf(id)) return `the coordinator of runtime ${runtime} was restarted while the query ran`;
    if (current.state === 'PAUSED' && current.coordinatorUrl === undefined) return `runtime ${runtime} went to sleep before the query was read to its end`;
    if (current.failure !== undefined) return `the coordinator of runtime ${runtime} is gone: ${current.failure.message}`;
    return undefined;
  }

  function bridge(context: RequestContext, id: string, runtime: string): void {
    const { response, origin, method, path, search } = context;
    const isPage = path.startsWith('/v1/statement/');
    if (method === 'DELETE') return sendEmpty(response, 204);
    if (method === 'HEAD' || !isPage) return sendProblem(response, { code: 'ASLEEP', detail: `runtime ${runtime} does not answer just now.`, retryAfterSeconds: 5 });
    const since = bridgedSince.get(id) ?? clock.now();
    const elapsedMs = clock.now() - since;
    const loss = lossOf(id, runtime) ?? (elapsedMs > bridgeMs ? `the coordinator of runtime ${runtime} has not answered for ${Math.round(elapsedMs / 1000)} s` : undefined);
    if (loss !== undefined) {
      bridgedSince.delete(id);
      return sendPage(response, formatErrorPage({ id, origin, elapsedMs, failure: { name: 'REMOTE_HOST_GONE', message: `query ${id} is lost: ${loss}. Run it again.` } }));
    }
    bridgedSince.set(id, since);
    const oldest = bridgedSince.size > maxBridged ? bridgedSince.keys().next().value : undefined;
    if (oldest !== undefined) bridgedSince.delete(oldest);
    log.warn('bridging a coordinator that does not answer', { queryId: id, runtime, elapsedMs });
    sendPage(response, formatKeepAlivePage({ id, origin, elapsedMs, nextUri: `${origin}${path}${search}` }));
  }

  function unknown(context: RequestContext, id: string): void {
    const coordinator = coordinatorIdOf(id);
    const runtime = coordinator === undefined ? undefined : known.runtimeOf(coordinator);
    if (runtime !== undefined) return bridge(context, id, runtime);
    sendProblem(context.response, { code: 'NOT_FOUND', detail: `no runtime knows query ${id}.` });
  }

  return {
    forward,
    async follow(context, id) {
      const alias = isHeldId(id) ? queue.realIdOf(id) : undefined;
      const realId = alias?.realId ?? id;
      const entry = table().byCoordinatorId.get(coordinatorIdOf(realId) ?? '');
      if (entry?.coordinatorUrl === undefined) return unknown(context, realId);
      const path = alias === undefined ? context.path : context.path.replace(id, alias.realId);
      if (await forward(context, entry, `${path}${context.search}`)) {
        bridgedSince.delete(realId);
        return;
      }
      if (!context.gone.aborted) bridge(context, realId, keyOfEntry(entry));
    },
  };
}
