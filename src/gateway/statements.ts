// POST /v1/statement and everything about held statements: the phases admit, route, hold and hand-over for new queries.
// Rules: trino-protocol 7.3-7.6, design D3. Shell.
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { familyOf, headerOf } from '#trino/protocol/headers.ts';
import { formatErrorPage, formatQueuedPage, type TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import type { Log } from '#observe/log.ts';
import { sendAnswer, sendEmpty, sendPage, sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import { submitStatement, type SubmissionResult } from './hold/hand-over.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import type { HeldStatement } from './hold/held-statement.ts';
import { pollHoldMs, postHoldMs } from './hold/poll-pace.ts';
import type { Slugs } from './hold/slug.ts';
import { trinoErrorOf, type GatewayProblem } from './problems.ts';
import { readBody } from './read-body.ts';
import { chooseRoute, isProblem, keyOfEntry, type RouteTable } from './routing/route-table.ts';
import type { CoordinatorClient } from './upstream/coordinator-client.ts';

export interface StatementsInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly client: CoordinatorClient;
  readonly slugs: Slugs;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Statements {
  post(context: RequestContext): Promise<void>;
  check(context: RequestContext): void;
  held(context: RequestContext, request: { readonly id: string; readonly slug: string; readonly token: number }): Promise<void>;
  /** Cancels by the held id alone (DELETE /v1/query/{id}); false when it is not held here. */
  cancelById(id: string): boolean;
}

/** As large as Trino's own upper bound of query.max-length makes sense. */
const maxStatementBytes = 16 * 1024 * 1024;
/** After a refused hand-over the next try comes after this, unless the route changes first. */
const resubmitMs = 250;

const noUser: GatewayProblem = {
  code: 'NO_USER',
  detail: 'no user: send X-Trino-User (CLI: --user NAME; JDBC and Python: the user of the connection) or credentials.',
};

export function createStatements({ table, queue, client, slugs, clock, log }: StatementsInit): Statements {
  const submitting = new Map<string, Promise<void>>();

  function uriOf(held: HeldStatement, token: number): string {
    return `${held.origin}/v1/statement/queued/${held.id}/${slugs.slugOf(held.id, token)}/${token}`;
  }

  function sendQueued(context: RequestContext, held: HeldStatement): void {
    const elapsedMs = clock.now() - held.arrivedAt;
    sendPage(context.response, formatQueuedPage({ id: held.id, origin: held.origin, nextUri: uriOf(held, held.token), elapsedMs }));
  }

  function fail(held: HeldStatement, failure: TrinoFailure): void {
    held.state = 'FAILED';
    held.failure = failure;
    log.info('a waiting statement failed', { id: held.id, runtime: held.runtime, error: failure.name, message: failure.message });
    queue.refresh(held.runtime);
  }

  /** What ends the wait without a hand-over. */
  function judge(held: HeldStatement, entry: RouteEntry | undefined): void {
    const waitedMs = clock.now() - held.arrivedAt;
    const note = entry?.note === undefined ? '' : ` (${entry.note})`;
    if (entry === undefined || entry.state === 'REMOVED') fail(held, { name: 'QUERY_REJECTED', message: `runtime ${held.runtime} has been deleted` });
    else if (entry.failure !== undefined && entry.state !== 'RUNNING') {
      fail(held, { name: 'SERVER_STARTING_UP', message: `runtime ${held.runtime} cannot start: ${entry.failure.message}` });
    } else if (waitedMs > held.patienceMs) {
      const seconds = Math.round(waitedMs / 1000);
      fail(held, {
        name: 'GENERIC_INSUFFICIENT_RESOURCES',
        message: `runtime ${held.runtime} did not wake within ${seconds} s (spec.wakePatience); its state is ${entry.state}${note}. See: xtrinode why ${entry.name} -n ${entry.namespace}`,
      });
    }
  }

  function take(held: HeldStatement, result: SubmissionResult): void {
    if (result.result === 'not-now') {
      held.state = 'HELD';
      log.info('a coordinator did not take a statement; it waits on', { id: held.id, runtime: held.runtime, why: result.why });
      return;
    }
    if (result.result === 'failed') {
      fail(held, result.failure);
      return;
    }
    if (result.answer.status !== 200) {
      // 401 and 403 with their challenge, 4xx of a bad request: relayed as it is, and repeatable with other credentials.
      held.handedOver = result;
      held.state = 'HELD';
      return;
    }
    queue.handOver(held, result);
    log.info('handed over', { id: held.id, queryId: result.realId, runtime: held.runtime, waitedMs: clock.now() - held.arrivedAt });
  }

  /** One submission at a time per statement, shared by concurrent polls. Its cancel is looked at again when it is done. */
  function submit(held: HeldStatement, entry: RouteEntry): Promise<void> {
    const current = submitting.get(held.id);
    if (current !== undefined) return current;
    held.state = 'SUBMITTING';
    const { headers, body, forwarded, freshAuthorization } = held;
    const submission = { headers, body, forwarded, heldId: held.id, ...(freshAuthorization === undefined ? {} : { authorization: freshAuthorization }) };
    const work = submitStatement(client, entry, submission, AbortSignal.timeout(60_000))
      .then((result) => {
        if ((held.state as string) !== 'CANCELED') take(held, result);
        else if (result.result === 'answered') cancelReal(held, entry, result.nextUri);
      })
      .finally(() => submitting.delete(held.id));
    submitting.set(held.id, work);
    return work;
  }

  function cancelReal(held: HeldStatement, entry: RouteEntry | undefined, nextUri: string | undefined): void {
    if (entry?.coordinatorUrl === undefined || nextUri === undefined) return;
    const { pathname, search } = new URL(nextUri);
    const call = { baseUrl: entry.coordinatorUrl, method: 'DELETE', path: `${pathname}${search}`, headers: [], signal: AbortSignal.timeout(10_000), headTimeoutMs: 10_000 };
    client.exchange(call).catch((error: unknown) => log.warn('a cancelled query may still run', { id: held.id, runtime: held.runtime, error }));
  }

  /** Waits at most `ms` for the statement to come through; leaves it in the state in which it is to be answered. */
  async function wait(context: RequestContext, held: HeldStatement, ms: number): Promise<void> {
    const until = clock.now() + ms;
    held.waiting += 1;
    queue.refresh(held.runtime);
    try {
      while (held.state === 'HELD' || held.state === 'SUBMITTING') {
        const entry = table().byKey.get(held.runtime);
        judge(held, entry);
        if (entry?.state === 'RUNNING' && held.state === 'HELD') {
          await submit(held, entry);
          if (held.handedOver !== undefined || held.state !== 'HELD') return;
        } else if (held.state === 'SUBMITTING') {
          await submitting.get(held.id);
          continue;
        }
        if (held.state !== 'HELD') return;
        const leftMs = until - clock.now();
        if (leftMs <= 0 || context.gone.aborted) return;
        await queue.waitForChange(held.runtime, entry?.state === 'RUNNING' ? Math.min(leftMs, resubmitMs) : leftMs, context.gone);
      }
    } finally {
      held.waiting -= 1;
      held.lastSeenAt = clock.now();
      queue.refresh(held.runtime);
    }
  }

  /** The page that the statement's state calls for. */
  function answer(context: RequestContext, held: HeldStatement, isPost: boolean): void {
    const { response } = context;
    const page = { id: held.id, origin: held.origin, elapsedMs: clock.now() - held.arrivedAt };
    if (held.handedOver !== undefined) {
      sendAnswer(response, held.handedOver.answer);
      // Not handed over but refused (401, 4xx): the next poll may bring better credentials.
      if (held.state === 'HELD') delete held.handedOver;
      return;
    }
    // Errors go on a GET page: the JavaScript client loses one in the answer to its POST (trino-protocol 7.3).
    if (isPost || held.state === 'HELD' || held.state === 'SUBMITTING') sendQueued(context, held);
    else if (held.state === 'FAILED' && held.failure !== undefined) sendPage(response, formatErrorPage({ ...page, failure: held.failure }));
    else sendPage(response, formatErrorPage({ ...page, failure: { name: 'USER_CANCELED', message: 'the query was cancelled while it waited' } }));
  }

  function refuseLater(context: RequestContext, user: string, problem: GatewayProblem): void {
    const held = queue.admit({ runtime: '', user, patienceMs: 0, headers: [], body: Buffer.alloc(0), forwarded: context.forwarded, origin: context.origin });
    if ('code' in held) {
      sendProblem(context.response, held);
      return;
    }
    fail(held, { name: trinoErrorOf(problem), message: problem.detail });
    answer(context, held, true);
  }

  async function post(context: RequestContext): Promise<void> {
    const { headers, response, forwarded, origin } = context;
    const family = familyOf(headers);
    if (family === undefined) return sendProblem(response, { code: 'BAD_REQUEST', detail: 'a request carries X-Trino- or X-Presto- headers, not both.' });
    const user = headerOf(headers, `x-${family}-user`) ?? '';
    if (user === '' && headerOf(headers, 'authorization') === undefined) {
      return sendProblem(response, noUser, { 'WWW-Authenticate': 'Basic realm="Trino"' });
    }
    const body = await readBody(context.request, maxStatementBytes);
    const route = chooseRoute(table(), forwarded.host, headerOf(headers, 'x-trino-xtrinode'));
    if (body === undefined) {
      response.shouldKeepAlive = false;
      return refuseLater(context, user, { code: 'TOO_LARGE', detail: `the statement is larger than ${maxStatementBytes / 1024 / 1024} MiB.` });
    }
    if (body.length === 0) return sendProblem(response, { code: 'BAD_REQUEST', detail: 'the statement is empty: send SQL text as the body of POST /v1/statement.' });
    if (isProblem(route)) return refuseLater(context, user, route);
    const held = queue.admit({ runtime: keyOfEntry(route), user, patienceMs: route.patienceMs, headers, body, forwarded, origin });
    if ('code' in held) return refuseLater(context, user, held);
    await wait(context, held, route.state === 'RUNNING' ? 5_000 : postHoldMs(route.state === 'RESUMING'));
    if (context.gone.aborted) {
      // Gone before it knew of its query: nobody can ever ask for it.
      if (held.handedOver === undefined) held.state = 'CANCELED';
      queue.drop(held);
      return;
    }
    const isThrough = held.state === 'HANDED_OVER' || held.handedOver !== undefined;
    answer(context, held, true);
    // The client knows the real id only; there is nothing left to hold.
    if (isThrough) queue.drop(held);
  }

  function cancel(held: HeldStatement): void {
    if (held.state === 'HANDED_OVER') cancelReal(held, table().byKey.get(held.runtime), held.handedOver?.nextUri);
    else if (held.state !== 'FAILED') held.state = 'CANCELED';
    queue.notify([held.runtime]);
  }

  return {
    post,
    check({ headers, response }) {
      const family = familyOf(headers) ?? 'trino';
      const isNamed = headerOf(headers, `x-${family}-user`) !== undefined || headerOf(headers, 'authorization') !== undefined;
      sendEmpty(response, isNamed ? 200 : 401, isNamed ? {} : { 'WWW-Authenticate': 'Basic realm="Trino"' });
    },
    async held(context, { id, slug, token }) {
      const { response, method } = context;
      const held = queue.find(id);
      if (held === undefined || !slugs.isValid(id, token, slug)) return sendProblem(response, { code: 'NOT_FOUND', detail: 'no such waiting query here; it may have been given up after five minutes without a poll.' });
      held.lastSeenAt = clock.now();
      if (method === 'HEAD') return sendEmpty(response, 200);
      if (method === 'DELETE') {
        cancel(held);
        return sendEmpty(response, 204);
      }
      if (token < held.token - 1 || token > held.token) return sendProblem(response, { code: 'GONE', detail: 'this page has been passed already.' });
      const authorization = headerOf(context.headers, 'authorization');
      if (authorization !== undefined) held.freshAuthorization = authorization;
      await wait(context, held, pollHoldMs(token, headerOf(context.headers, 'user-agent')));
      if (context.gone.aborted) return;
      if (held.state === 'HELD' && held.handedOver === undefined && token === held.token) held.token += 1;
      answer(context, held, false);
    },
    cancelById(id) {
      const held = queue.find(id);
      if (held === undefined) return false;
      cancel(held);
      return true;
    },
  };
}
