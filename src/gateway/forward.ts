// One request to the coordinator that owns it, streamed both ways, repeated only where that is safe (trino-protocol 1.7, 8.1).
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { endsWithBrokenPage } from '#trino/protocol/clients.ts';
import { coordinatorIdOf } from '#trino/protocol/query-id.ts';
import { isStartedAfter } from '#trino/protocol/server-info.ts';
import { sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { Gaps } from './hold/gaps.ts';
import type { MemoryBudget } from './hold/memory-budget.ts';
import { pause } from '#core/pause.ts';
import { readBody } from './read-body.ts';
import type { GatewayCounts } from './records/counts.ts';
import type { RouteTable } from './routing/route-table.ts';
import type { PageWatch } from './running-queries.ts';
import { createUpstreamLines } from './upstream-lines.ts';
import { discard, type CoordinatorClient } from './upstream/coordinator-client.ts';
import { UpstreamError, type CoordinatorAnswer } from './upstream/coordinator-request.ts';
import { relay } from './upstream/relay.ts';
import { WholePage, type WholePages } from './upstream/whole-pages.ts';

/**
 * 'done': answered. 'restarted': the process behind the address is a newer one than the
 * query's. 'refused': no byte reached the coordinator. 'unreachable': it may have seen the request.
 */
export type Forwarded = 'done' | 'restarted' | 'refused' | 'unreachable';

export interface ForwardOptions {
  /** With query string. */
  readonly path: string;
  /** Set for a page of this query: then a 503 is not relayed (it ends some clients), a 404 is looked into, and its addresses say whose they are. */
  readonly pageOf?: string;
  readonly watch?: PageWatch | undefined;
}

export interface Forward {
  (context: RequestContext, entry: RouteEntry, options: ForwardOptions): Promise<Forwarded>;
}

export interface ForwardInit {
  readonly table: () => RouteTable;
  readonly client: CoordinatorClient;
  readonly budget: MemoryBudget;
  readonly counts: GatewayCounts;
  readonly gaps: Pick<Gaps, 'begin' | 'end'>;
  readonly clock: Clock;
}

const headTimeoutMs = 120_000;
/**
 * Trino long-polls for a second. A page that takes longer than this is bridged and asked for again: shorter than the 30 s that
 * clients wait for an answer.
 */
const pageTimeoutMs = 20_000;
const attempts = 5;
const retryPauseMs = 150;
const infoTimeoutMs = 2_000;
/** Forms and orders, never statements. */
const maxBodyBytes = 1024 * 1024;
const repeatable = new Set(['GET', 'HEAD', 'DELETE']);
/** Answers of whatever stands in front of a coordinator (trino-protocol 1.6). */
const notTrinos = new Set([408, 429, 502, 503, 504]);

export function createForward({ table, client, budget, counts, gaps, clock }: ForwardInit): Forward {
  const linesFor = createUpstreamLines(table);
  const wholePages: WholePages = { blocks: 0 };

  async function isRestarted(entry: RouteEntry, queryId: string, signal: AbortSignal): Promise<boolean> {
    try {
      const call = {
        baseUrl: entry.coordinatorUrl ?? '',
        method: 'GET',
        path: '/v1/info',
        lines: '',
        signal,
        headTimeoutMs: infoTimeoutMs,
      };
      const { status, body } = await client.exchange(call);
      return status === 200 && isStartedAfter(queryId, JSON.parse(body.toString()), clock.now());
    } catch (error) {
      // Not known is not certain: the coordinator's own 404 stands.
      if (error instanceof UpstreamError || error instanceof SyntaxError) return false;
      throw error;
    }
  }

  /** What an answer that may be none of the query's says of it; undefined when it is to be passed on. */
  async function lookInto(
    context: RequestContext,
    entry: RouteEntry,
    from: CoordinatorAnswer,
    pageOf: string,
  ): Promise<Forwarded | undefined> {
    const isLost = from.head.status === 404 && (await isRestarted(entry, pageOf, context.gone));
    if (!isLost && from.head.status === 404) return undefined;
    discard(from);
    return isLost ? 'restarted' : 'unreachable';
  }

  return async (context, entry, options) => {
    const { method, exchange } = context;
    const { path, pageOf, watch } = options;
    const coordinatorId = pageOf === undefined ? undefined : coordinatorIdOf(pageOf);
    const isPage = pageOf !== undefined && method === 'GET';
    const prefix = pageOf === undefined ? context.forwarded.prefix : '';
    const isRepeatable = repeatable.has(method);
    const read = isRepeatable ? undefined : await readBody(exchange, maxBodyBytes, budget);
    if (read !== undefined && 'refused' in read) {
      sendProblem(exchange, { code: 'TOO_LARGE', detail: `this path takes at most ${maxBodyBytes / 1024} KiB.` });
      return 'done';
    }
    const call = {
      baseUrl: entry.coordinatorUrl ?? '',
      method,
      path,
      lines: linesFor(context, entry, pageOf !== undefined),
      signal: exchange,
      headTimeoutMs: pageOf === undefined ? headTimeoutMs : pageTimeoutMs,
      body: read?.body,
    };
    let outcome: Forwarded = 'refused';
    const beganAt = clock.now();
    for (let attempt = 1; ; attempt += 1) {
      gaps.begin();
      try {
        const from = await client.open(call);
        const { status } = from.head;
        const isDoubtful = isPage && (status === 404 || notTrinos.has(status));
        const instead = isDoubtful ? await lookInto(context, entry, from, pageOf) : undefined;
        if (instead === undefined) {
          const whole = isPage && endsWithBrokenPage(context.headers) ? new WholePage(wholePages, clock) : undefined;
          await relay(from, exchange, { coordinatorId, prefix, watch, whole });
          return 'done';
        }
        if (instead === 'restarted') return instead;
        outcome = instead;
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (!error.isRefused) outcome = 'unreachable';
      } finally {
        gaps.end();
      }
      const isOver = attempt >= attempts || clock.now() - beganAt >= pageTimeoutMs;
      if (isOver || (outcome === 'unreachable' && !isRepeatable)) return outcome;
      await pause(clock, retryPauseMs, context.gone);
      if (exchange.aborted) return outcome;
      counts.upstream.retries += 1;
    }
  };
}
