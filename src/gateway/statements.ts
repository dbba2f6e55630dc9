// POST /v1/statement and everything about held statements: the phases admit, route, hold and hand-over for new queries.
// Rules: trino-protocol 7.3-7.6, design D3. Shell.
import type { Clock } from '#core/clock.ts';
import { familyOf, headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';
import { formatErrorPage, formatQueuedPage } from '#trino/protocol/synthetic-page.ts';
import { sendAnswer, sendEmpty, sendPage, sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import { isPending, type HeldStatement } from './hold/held-statement.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import { failureOf, maySubmit } from './hold/judge.ts';
import type { MemoryBudget } from './hold/memory-budget.ts';
import { pollHoldMs, postHoldMs } from './hold/poll-pace.ts';
import type { Slugs } from './hold/slug.ts';
import type { Submitter } from './hold/submitter.ts';
import { callDone, type Killed, type Kills } from './kills.ts';
import { trinoErrorOf, type GatewayProblem } from './problems.ts';
import { readBody } from './read-body.ts';
import { chooseRoute, isProblem, keyOfEntry, type RouteTable } from './routing/route-table.ts';

export interface StatementsInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly submitter: Submitter;
  readonly kills: Kills;
  readonly budget: MemoryBudget;
  readonly slugs: Slugs;
  readonly clock: Clock;
}

export interface Statements {
  post(context: RequestContext): Promise<void>;
  check(context: RequestContext): void;
  held(context: RequestContext, request: { readonly id: string; readonly slug: string; readonly token: number }): Promise<void>;
  /** Cancels by the held id alone (DELETE /v1/query/{id}), which can be guessed: another user is refused. False when it is not held here. */
  cancelById(id: string, headers: HeaderPairs): boolean;
  /** Its coordinator is gone before its query began: it waits for the next one, and the client learns that it waits. */
  reopen(context: RequestContext, held: HeldStatement): void;
}

/** As large as Trino's own upper bound of query.max-length makes sense. */
const maxStatementBytes = 16 * 1024 * 1024;

const noUser: GatewayProblem = {
  code: 'NO_USER',
  detail: 'no user: send X-Trino-User (CLI: --user NAME; JDBC and Python: the user of the connection) or credentials.',
};
const mixedFamilies: GatewayProblem = { code: 'BAD_REQUEST', detail: 'a request carries X-Trino- or X-Presto- headers, not both.' };
const stopping: GatewayProblem = { code: 'STOPPING', detail: 'this gateway is stopping; send the statement again.', retryAfterSeconds: 1 };
const challenge = { 'WWW-Authenticate': 'Basic realm="Trino"' };

/** Who asks, as far as a statement can be refused before anything wakes. */
function identify({ headers }: RequestContext): { readonly user: string } | GatewayProblem {
  const family = familyOf(headers);
  if (family === undefined) return mixedFamilies;
  const user = headerOf(headers, `x-${family}-user`) ?? '';
  return user === '' && headerOf(headers, 'authorization') === undefined ? noUser : { user };
}

function sendIdentityProblem({ response }: RequestContext, problem: GatewayProblem): void {
  sendProblem(response, problem, problem === noUser ? challenge : {});
}

export function createStatements({ table, queue, submitter, kills, budget, slugs, clock }: StatementsInit): Statements {
  /** From now on the client knows the held id. */
  function sendQueued(context: RequestContext, held: HeldStatement): void {
    held.token = Math.max(held.token, 0);
    const { id, origin, token } = held;
    const nextUri = `${origin}/v1/statement/queued/${id}/${slugs.slugOf(id, token)}/${token}`;
    sendPage(context.response, formatQueuedPage({ id, origin, nextUri, elapsedMs: clock.now() - held.arrivedAt }));
  }

  /** Waits at most `ms` for the statement to come through; leaves it in the state in which it is to be answered. */
  async function wait(context: RequestContext, held: HeldStatement, ms: number): Promise<void> {
    const until = clock.now() + ms;
    queue.seen(held);
    while (isPending(held)) {
      const entry = table().byKey.get(held.runtime);
      const waitedMs = clock.now() - held.arrivedAt;
      let leftMs = Math.min(until - clock.now(), held.patienceMs - waitedMs + 1);
      if (held.state === 'HELD') {
        const failure = failureOf(held, entry, waitedMs);
        if (failure !== undefined) return submitter.fail(held, failure);
        const turnMs = maySubmit(held, entry) ? submitter.submit(held, entry) : 0;
        if (turnMs > 0) leftMs = Math.min(leftMs, turnMs);
      } else leftMs = until - clock.now();
      if (leftMs <= 0 || context.gone.aborted || queue.isStopped) return;
      await queue.waitForChange(held, leftMs, context.gone);
    }
  }

  /** The page that the statement's state calls for. */
  function answer(context: RequestContext, held: HeldStatement, isPost: boolean): void {
    const { response } = context;
    const { id, origin, outcome, failure } = held;
    // An error goes on a GET page: the JavaScript client loses one in the answer to its POST (trino-protocol 7.3).
    const isLastPage = outcome?.answer.status === 200 && outcome.nextUri === undefined;
    if (outcome !== undefined && !(isPost && isLastPage)) return sendAnswer(response, outcome.answer);
    if (isPost || isPending(held)) return sendQueued(context, held);
    const shown = failure ?? { name: 'USER_CANCELED', message: 'the query was cancelled while it waited' };
    sendPage(response, formatErrorPage({ id, origin, elapsedMs: clock.now() - held.arrivedAt, failure: shown }));
  }

  /** What is known at the POST is told on the next page. */
  function answerLater(context: RequestContext, user: string, end: (held: HeldStatement) => void): void {
    const { forwarded, origin } = context;
    const held = queue.admit({ runtime: '', user, patienceMs: 0, headers: [], body: Buffer.alloc(0), forwarded, origin });
    if ('code' in held) return sendProblem(context.response, held);
    end(held);
    answer(context, held, true);
  }

  function refuseLater(context: RequestContext, user: string, problem: GatewayProblem): void {
    answerLater(context, user, (held) => submitter.fail(held, { name: trinoErrorOf(problem), message: problem.detail }));
  }

  function answerKilled(context: RequestContext, user: string, killed: Killed): void {
    if (killed === 'done') return answerLater(context, user, (held) => queue.handOver(held, callDone(held)));
    if ('answer' in killed) return sendAnswer(context.response, killed.answer);
    answerLater(context, user, (held) => submitter.fail(held, killed));
  }

  async function post(context: RequestContext): Promise<void> {
    const { headers, response, forwarded, origin } = context;
    const identity = identify(context);
    if ('code' in identity) return sendIdentityProblem(context, identity);
    const { user } = identity;
    const read = await readBody(context.request, maxStatementBytes, budget);
    if ('refused' in read) {
      if (read.refused === 'client-gone') return;
      const tooLarge = { code: 'TOO_LARGE', detail: `the statement is larger than ${maxStatementBytes / 1024 / 1024} MiB.` } as const;
      const noMemory = {
        code: 'QUEUE_FULL',
        detail: 'the gateway holds as many waiting statements as its memory allows; try again shortly.',
      } as const;
      return refuseLater(context, user, read.refused === 'too-large' ? tooLarge : noMemory);
    }
    const { body } = read;
    if (body.length === 0)
      return sendProblem(response, {
        code: 'BAD_REQUEST',
        detail: 'the statement is empty: send SQL text as the body of POST /v1/statement.',
      });
    const killed = await kills.take(context, user, body);
    if (killed !== undefined) return answerKilled(context, user, killed);
    const route = chooseRoute(table(), forwarded.host, headerOf(headers, 'x-trino-xtrinode'));
    if (isProblem(route)) return refuseLater(context, user, route);
    // A page that leads back here would lead nowhere.
    if (queue.isStopped && route.state !== 'RUNNING') return sendProblem(response, stopping);
    const held = queue.admit({ runtime: keyOfEntry(route), user, patienceMs: route.patienceMs, headers, body, forwarded, origin });
    if ('code' in held) return refuseLater(context, user, held);
    await wait(context, held, postHoldMs(route.state));
    if (context.gone.aborted) {
      // Gone before it knew of its query: nobody can ever ask for it.
      submitter.cancel(held);
      return queue.drop(held);
    }
    answer(context, held, true);
    // Nothing of it is left to ask for.
    if (held.token < 0 && held.state !== 'HANDED_OVER') queue.drop(held);
  }

  /** Other credentials after a 401 are another try. */
  function takeAuthorization(held: HeldStatement, authorization: string | undefined): void {
    if (authorization === undefined) return;
    const former = held.freshAuthorization ?? headerOf(held.headers, 'authorization');
    held.freshAuthorization = authorization;
    if (held.state !== 'REFUSED' || authorization === former) return;
    delete held.outcome;
    held.state = 'HELD';
  }

  return {
    post,
    check(context) {
      const identity = identify(context);
      if ('code' in identity) sendIdentityProblem(context, identity);
      else sendEmpty(context.response, 200);
    },
    async held(context, { id, slug, token }) {
      const { response, method, headers } = context;
      const held = queue.find(id);
      if (held === undefined || !slugs.isValid(id, token, slug)) {
        return sendProblem(response, {
          code: 'NOT_FOUND',
          detail: 'no such waiting query here; it may have been given up after five minutes without a poll.',
        });
      }
      queue.seen(held);
      if (method === 'HEAD') return sendEmpty(response, 200);
      if (method === 'DELETE') {
        submitter.cancel(held);
        return sendEmpty(response, 204);
      }
      if (token < held.token - 1) return sendProblem(response, { code: 'GONE', detail: 'this page has been passed already.' });
      takeAuthorization(held, headerOf(headers, 'authorization'));
      await wait(context, held, pollHoldMs(token, headerOf(headers, 'user-agent')));
      if (context.gone.aborted) return;
      if (isPending(held) && token === held.token) held.token += 1;
      answer(context, held, false);
    },
    cancelById(id, headers) {
      const held = queue.find(id);
      const user = headerOf(headers, `x-${familyOf(headers) ?? 'trino'}-user`) ?? '';
      // The Go client names nobody when it cancels.
      if (held === undefined || (user !== '' && held.user !== user)) return false;
      submitter.cancel(held);
      return true;
    },
    reopen(context, held) {
      queue.reopen(held);
      sendQueued(context, held);
    },
  };
}
