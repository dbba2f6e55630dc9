// Whether the process behind a route is one that is known to run queries. The operator proves each once per start and publishes
// its id; where another one answers, because it has just been restarted, or where nobody has proven any, the gateway does it by
// a statement of its own before clients' statements go there (design D16). Shell.
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { coordinatorIdOf } from '#trino/protocol/query-id.ts';
import { controlUser, proofStatement, provenAgainAfterMs, readProofPage, type ProofPage } from '#trino/protocol/proof.ts';
import type { Log } from '#observe/log.ts';
import { keyOfEntry } from './routing/route-table.ts';
import type { CoordinatorClient } from './upstream/coordinator-client.ts';

export interface Proofs {
  /** Whether the process that gave a statement this id is known to run queries. */
  isProven(entry: RouteEntry, queryId: string | undefined): boolean;
  /** Meanwhile no statement is submitted; its end is told. */
  isUnderWay(runtime: string): boolean;
  /** Begins, unless one is under way; `queryId` was given by the process that is to be proven. */
  prove(entry: RouteEntry, queryId?: string): void;
  /** The route changed; undefined when there is none any more. */
  follow(runtime: string, entry: RouteEntry | undefined): void;
  stop(): void;
}

export interface ProofsInit {
  readonly client: CoordinatorClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the coordinators in the route table have been proven by whoever wrote it. */
  readonly trustsRoutes: boolean;
  /** Whether somebody waits for the runtime: nobody is asked for nobody's sake. */
  readonly isAwaited: (runtime: string) => boolean;
  readonly onProven: (queryId: string, entry: RouteEntry) => void;
  /** Proven, or given up. */
  readonly onEnd: (runtime: string) => void;
}

/** The one poll on this path, by one owner per runtime. */
const pollMs = 100;
/** A statement without rows after this is given up and tried again. */
const statementMs = 60_000;
const headTimeoutMs = 20_000;
const lines = `X-Trino-User: ${controlUser}\r\nX-Trino-Source: xtrinode-gateway\r\nAccept-Encoding: identity\r\n`;
/** It wants credentials, which the gateway has none of: that it asks for them is all it can be asked. */
const wantsCredentials = new Set([401, 403]);

interface Proven {
  readonly coordinatorUrl: string | undefined;
  readonly coordinatorId: string | undefined;
}

export function createProofs({ client, clock, log, trustsRoutes, isAwaited, onProven, onEnd }: ProofsInit): Proofs {
  const proven = new Map<string, Proven>();
  const underWay = new Map<string, AbortController>();

  async function ask(entry: RouteEntry, method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<ProofPage | 'refused'> {
    const body = method === 'POST' ? { body: Buffer.from(proofStatement) } : {};
    const call = { baseUrl: entry.coordinatorUrl ?? '', method, path, lines, signal, headTimeoutMs, ...body };
    const answer = await client.exchange(call);
    if (wantsCredentials.has(answer.status)) return 'refused';
    return readProofPage(answer.status, answer.status === 200 ? JSON.parse(answer.body.toString()) : undefined);
  }

  /** The id of our query once it has its row; undefined when the coordinator takes none of ours. Rejects when it failed. */
  async function run(entry: RouteEntry, stop: AbortSignal): Promise<string | undefined> {
    const late = new AbortController();
    const cancelTimer = clock.after(statementMs, () => late.abort());
    const signal = AbortSignal.any([stop, late.signal]);
    try {
      let page = await ask(entry, 'POST', '/v1/statement', signal);
      while (page !== 'refused' && page.rows.length === 0 && page.nextUri !== undefined) {
        const { pathname, search } = new URL(page.nextUri);
        page = await ask(entry, 'GET', `${pathname}${search}`, signal);
      }
      return page === 'refused' ? undefined : page.id;
    } finally {
      cancelTimer();
    }
  }

  function remember(entry: RouteEntry, queryId: string): void {
    const { coordinatorUrl } = entry;
    proven.set(keyOfEntry(entry), { coordinatorUrl, coordinatorId: coordinatorIdOf(queryId) });
    onProven(queryId, entry);
  }

  /** False when it is to be tried again. */
  async function attempt(entry: RouteEntry, seenQueryId: string | undefined, signal: AbortSignal): Promise<boolean> {
    const runtime = keyOfEntry(entry);
    try {
      let queryId = await run(entry, signal);
      const againAfterMs = provenAgainAfterMs(entry.trinoVersion);
      if (queryId !== undefined && againAfterMs > 0) {
        await pause(clock, againAfterMs, signal);
        if (!signal.aborted) queryId = await run(entry, signal);
      }
      if (signal.aborted) return true;
      if (queryId === undefined) log.info('a coordinator lets the gateway run nothing of its own; it is taken as ready', { runtime });
      else log.info('a query runs on the coordinator', { runtime, queryId });
      const known = queryId ?? seenQueryId;
      if (known !== undefined) remember(entry, known);
      return true;
    } catch (error) {
      log.debug('the coordinator is not ready', { runtime, problem: error instanceof Error ? error.message : String(error) });
      return signal.aborted;
    }
  }

  async function proveUntilDone(entry: RouteEntry, seenQueryId: string | undefined, abort: AbortController): Promise<void> {
    const runtime = keyOfEntry(entry);
    while (!(await attempt(entry, seenQueryId, abort.signal)) && isAwaited(runtime)) await pause(clock, pollMs, abort.signal);
    if (underWay.get(runtime) !== abort) return;
    underWay.delete(runtime);
    onEnd(runtime);
  }

  function end(runtime: string): void {
    underWay.get(runtime)?.abort();
    underWay.delete(runtime);
  }

  function prove(entry: RouteEntry, queryId?: string): void {
    const runtime = keyOfEntry(entry);
    if (underWay.has(runtime)) return;
    const abort = new AbortController();
    underWay.set(runtime, abort);
    void proveUntilDone(entry, queryId, abort);
  }

  return {
    isProven(entry, queryId) {
      const id = queryId === undefined ? undefined : coordinatorIdOf(queryId);
      if (trustsRoutes && (id === undefined || entry.coordinatorId === undefined || id === entry.coordinatorId)) return true;
      const own = proven.get(keyOfEntry(entry));
      return own !== undefined && own.coordinatorUrl === entry.coordinatorUrl && own.coordinatorId === id;
    },
    isUnderWay: (runtime) => underWay.has(runtime),
    prove,
    follow(runtime, entry) {
      end(runtime);
      if (entry === undefined || entry.state === 'REMOVED') proven.delete(runtime);
      // Else its queries of before this gateway's start would be nobody's.
      else if (!trustsRoutes && entry.coordinatorUrl !== undefined) prove(entry);
    },
    stop() {
      for (const runtime of [...underWay.keys()]) end(runtime);
    },
  };
}
