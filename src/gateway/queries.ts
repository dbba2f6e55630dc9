// Follow-ups of running queries: routed by the coordinator's id at the end of the query id, streamed untouched (design D4,
// D6). A coordinator that does not answer gets a moment, then keep-alive pages, then a Trino-shaped error (trino-protocol 8).
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { coordinatorIdOf, isHeldId } from '#trino/protocol/query-id.ts';
import { formatErrorPage, formatKeepAlivePage } from '#trino/protocol/synthetic-page.ts';
import type { Log } from '#observe/log.ts';
import { sendEmpty, sendJson, sendPage, sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { Forward, Forwarded } from './forward.ts';
import type { Aliases } from './aliases.ts';
import type { HeldRequests } from './held-requests.ts';
import type { Alias } from './hold/endings.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import type { MarkedQueries } from './hold/marked-queries.ts';
import { pause } from '#core/pause.ts';
import type { GatewayCounts } from './records/counts.ts';
import type { KnownCoordinators, QueryOwner } from './routing/known-coordinators.ts';
import { findRequestRoute } from './routing/request-route.ts';
import type { RunningQueries } from './running-queries.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';

export interface QueriesInit {
  readonly table: () => RouteTable;
  readonly known: KnownCoordinators;
  readonly queue: HoldQueue;
  readonly running: RunningQueries;
  readonly aliases: Aliases;
  readonly marked: MarkedQueries;
  readonly heldRequests: Pick<HeldRequests, 'reopen'>;
  readonly forward: Forward;
  readonly counts: GatewayCounts;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Queries {
  /** A statement path or /v1/query/{id}. */
  follow(context: RequestContext, id: string): Promise<void>;
}

/** Keep-alive pages bridge at most this long, per query. */
const bridgeMs = 2 * 60_000;
const maxBridged = 10_000;
/** A keep-alive page is never given at once: clients ask again without a pause. */
const bridgePaceMs = 1_000;

/** Why the query cannot be reached any more, or undefined while there is hope. Pure. */
export function lossOf(queryId: string, runtime: string, entry: RouteEntry | undefined): string | undefined {
  if (entry === undefined || entry.state === 'REMOVED') return `runtime ${runtime} was deleted while the query ran`;
  const coordinatorId = coordinatorIdOf(queryId);
  // Of a former revision, and not let go yet.
  if (entry.retiring?.some((one) => one.coordinatorId === coordinatorId) === true) return undefined;
  if (entry.coordinatorId !== undefined && entry.coordinatorId !== coordinatorId) {
    return `the coordinator of runtime ${runtime} was restarted while the query ran`;
  }
  if (entry.state === 'PAUSED' && entry.coordinatorUrl === undefined)
    return `runtime ${runtime} went to sleep before the query was read to its end`;
  if (entry.failure !== undefined) return `the coordinator of runtime ${runtime} is gone: ${entry.failure.message}`;
  // The operator says so when that process has ended, and waits for the next one.
  if (entry.state === 'RESUMING' && entry.coordinatorUrl === undefined)
    return `the coordinator of runtime ${runtime} ended while the query ran`;
  return undefined;
}

/** The last part of its address. NaN, which is next to nothing, where that is none. */
function pageNumberOf(path: string): number {
  return Number(path.slice(path.lastIndexOf('/') + 1));
}

export function createQueries(init: QueriesInit): Queries {
  const { table, known, queue, running, aliases, marked, heldRequests, forward, counts, clock, log } = init;
  const bridgedSince = new Map<string, number>();

  function endBridge(id: string): void {
    bridgedSince.delete(id);
  }

  function sendLoss(context: RequestContext, id: string, elapsedMs: number, loss: string): void {
    endBridge(id);
    running.ended(id);
    counts.queriesLost += 1;
    const failure = { name: 'REMOTE_HOST_GONE', message: `query ${id} is lost: ${loss}. Run it again.` } as const;
    log.warn('a query is lost', { queryId: id, loss });
    sendPage(context.exchange, formatErrorPage({ id, origin: context.origin, elapsedMs, failure }));
  }

  async function bridge(context: RequestContext, id: string, runtime: string): Promise<void> {
    const { exchange, origin, method, path, search } = context;
    if (method === 'DELETE') return sendEmpty(exchange, 204);
    if (method !== 'GET' || !path.startsWith('/v1/statement/')) {
      return sendProblem(exchange, { code: 'ASLEEP', detail: `runtime ${runtime} does not answer just now.`, retryAfterSeconds: 5 });
    }
    const since = bridgedSince.get(id) ?? clock.now();
    const silence = (): string | undefined => {
      const elapsedMs = clock.now() - since;
      return elapsedMs > bridgeMs
        ? `the coordinator of runtime ${runtime} has not answered for ${Math.round(elapsedMs / 1000)} s`
        : undefined;
    };
    const loss = lossOf(id, runtime, table().byKey.get(runtime)) ?? silence();
    if (loss !== undefined) return sendLoss(context, id, clock.now() - since, loss);
    bridgedSince.set(id, since);
    const oldest = bridgedSince.size > maxBridged ? bridgedSince.keys().next().value : undefined;
    if (oldest !== undefined) endBridge(oldest);
    log.warn('bridging a coordinator that does not answer', { queryId: id, runtime, elapsedMs: clock.now() - since });
    await pause(clock, bridgePaceMs, context.gone);
    sendPage(exchange, formatKeepAlivePage({ id, origin, elapsedMs: clock.now() - since, nextUri: `${origin}${path}${search}` }));
  }

  /** A held id whose statement still waits, or is not known (any more). */
  function followHeld(context: RequestContext, id: string): void {
    const held = queue.find(id);
    if (held === undefined || context.method !== 'GET')
      return sendProblem(context.exchange, { code: 'NOT_FOUND', detail: `no query ${id} waits here.` });
    sendJson(context.exchange, {
      queryId: id,
      state: held.state === 'FAILED' || held.state === 'CANCELED' ? 'FAILED' : 'QUEUED',
      runtime: held.runtime,
    });
  }

  /** Handed over here too, but the client may have followed another replica's page. */
  async function aliasOf(context: RequestContext, id: string): Promise<Alias | undefined> {
    const alias = await aliases.resolve(context, id);
    if (alias?.hasBegun === false && context.method === 'DELETE') void marked.cancel(table().byKey.get(alias.runtime), id, context);
    return alias;
  }

  /**
   * Nobody has told this gateway the coordinator's id: a routes file need not, and a coordinator that asks for a password tells it only
   * to whoever posts. Then the address selects, as it did for the statement; a runtime whose coordinator is known is never guessed.
   */
  function ownerByAddress(context: RequestContext): QueryOwner | undefined {
    const found = findRequestRoute(table(), context);
    if ('code' in found || found.members.length > 1 || found.entry.coordinatorId !== undefined) return undefined;
    const { entry } = found;
    return entry.coordinatorUrl === undefined ? undefined : { runtime: keyOfEntry(entry), entry };
  }

  return {
    async follow(context, id) {
      const alias = isHeldId(id) ? await aliasOf(context, id) : undefined;
      if (alias === undefined && isHeldId(id)) return followHeld(context, id);
      const realId = alias?.realId ?? id;
      const owner = known.ownerOf(realId) ?? ownerByAddress(context);
      if (owner === undefined) return sendProblem(context.exchange, { code: 'NOT_FOUND', detail: `no runtime knows query ${realId}.` });
      context.notes.found(owner.runtime, 'query');
      context.notes.queryId = realId;
      const isPage = context.path.startsWith('/v1/statement/');
      const watch = isPage && context.method === 'GET' ? running.asked(realId, owner.runtime, pageNumberOf(context.path)) : undefined;
      if (context.method === 'DELETE' && !context.path.includes('/partialCancel/')) running.ended(realId);
      const path = `${alias === undefined ? context.path : context.path.replace(id, realId)}${context.search}`;
      const fresh = isPage && context.method !== 'HEAD' ? queue.findByRealId(realId) : undefined;
      let outcome: Forwarded = 'refused';
      try {
        if (owner.entry !== undefined)
          outcome = await forward(context, owner.entry, { path, ...(isPage ? { pageOf: realId } : {}), watch });
      } finally {
        watch?.close();
      }
      // From here on the query may run, so its statement must never be submitted again.
      if (fresh !== undefined && (outcome !== 'refused' || context.method === 'DELETE')) queue.begun(fresh);
      else if (fresh?.maySubmitAgain === true && !context.gone.aborted) {
        running.ended(realId);
        return heldRequests.reopen(context, fresh);
      }
      if (outcome === 'done') return endBridge(realId);
      if (context.gone.aborted) return;
      if (outcome === 'restarted')
        return sendLoss(context, realId, 0, `the coordinator of runtime ${owner.runtime} was restarted while the query ran`);
      await bridge(context, realId, owner.runtime);
    },
  };
}
