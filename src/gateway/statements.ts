// POST /v1/statement: what a new statement goes through, from who asks to its first page. Shell; trino-protocol 7.3-7.6, design D3.
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { familyOf, headerOf } from '#trino/protocol/headers.ts';
import { notAllowed } from './admit/allowed-forward.ts';
import type { MayUse } from './admit/access.ts';
import type { CountStatement } from './admit/statement-rates.ts';
import { sendAnswer, sendEmpty, sendProblem } from './answers.ts';
import type { Challenges } from './challenges.ts';
import type { RequestContext } from './context.ts';
import type { HeldPages } from './held-pages.ts';
import type { CoordinatorHealth } from './health/coordinator-health.ts';
import type { LaterEnd } from './hold/dated-end.ts';
import { formatSlug, type HeldAddresses } from './hold/held-address.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import type { MemoryBudget } from './hold/memory-budget.ts';
import type { RouteOf } from './hold/judge.ts';
import type { Places } from './hold/places.ts';
import { postHoldMs } from './hold/poll-pace.ts';
import { subjectOf, type Subject } from './hold/subject.ts';
import type { Submitter } from './hold/submitter.ts';
import type { Killed, Kills } from './kills.ts';
import { trinoErrorOf, type GatewayProblem } from './problems.ts';
import { readBody } from './read-body.ts';
import type { GatewayCounts } from './records/counts.ts';
import { withTrace } from './records/trace-context.ts';
import { presentMembers } from './routing/other-member.ts';
import { pickMember } from './routing/pick-member.ts';
import { findRequestRoute, type RequestRoute } from './routing/request-route.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';
import type { RunningQueries } from './running-queries.ts';

export interface StatementsInit {
  readonly table: () => RouteTable;
  readonly routeOf: RouteOf;
  readonly mayUse: MayUse;
  readonly countStatement: CountStatement;
  readonly queue: HoldQueue;
  readonly running: Pick<RunningQueries, 'countOf'>;
  readonly places: Pick<Places, 'isFull'>;
  readonly health: Pick<CoordinatorHealth, 'ejectionOf'>;
  readonly submitter: Submitter;
  readonly kills: Kills;
  readonly challenges: Challenges;
  readonly budget: MemoryBudget;
  readonly addresses: HeldAddresses;
  readonly pages: HeldPages;
  readonly counts: GatewayCounts;
  /** Makes what a statement's trace is called where its client has none; absent: it stays without. */
  readonly newTrace?: () => string;
  readonly clock: Clock;
}

export interface Statements {
  post(context: RequestContext): Promise<void>;
  check(context: RequestContext): void;
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
function identify({ headers, identity }: RequestContext): Subject | GatewayProblem {
  if (familyOf(headers) === undefined) return mixedFamilies;
  const subject = subjectOf(headers);
  if (identity !== undefined) return { ...subject, identity };
  return subject.user === '' && headerOf(headers, 'authorization') === undefined ? noUser : subject;
}

function sendIdentityProblem({ exchange }: RequestContext, problem: GatewayProblem): void {
  sendProblem(exchange, problem, problem === noUser ? challenge : {});
}

export function createStatements(init: StatementsInit): Statements {
  const {
    table,
    routeOf,
    mayUse,
    countStatement,
    queue,
    running,
    places,
    health,
    submitter,
    kills,
    challenges,
    budget,
    addresses,
    pages,
    counts,
    newTrace,
    clock,
  } = init;

  /** An end known at the POST, told on the next page, whose address carries it: nothing of it is kept here. */
  function answerLater(context: RequestContext, end: LaterEnd): void {
    const page = { id: queue.newId(), origin: context.origin, arrivedAt: clock.now() };
    const capability = addresses.writeEnd({ end, arrivedAt: page.arrivedAt });
    pages.sendNext(context, page, formatSlug(addresses.sign(page.id, capability, 0), capability), 0);
  }

  function pick(found: RequestRoute, { user, identity }: Subject): RouteEntry {
    const allowed = found.members.filter((member) => mayUse(identity, member));
    const members = presentMembers(allowed, ({ coordinatorUrl }) => health.ejectionOf(coordinatorUrl) !== undefined);
    const loadOf = (runtime: string): number => running.countOf(runtime) + queue.waitingFor(runtime);
    return pickMember({ members, user, loadOf, isFull: places.isFull }) ?? found.entry;
  }

  function refuseLater(context: RequestContext, problem: GatewayProblem): void {
    counts.refused(problem.code);
    answerLater(context, { name: trinoErrorOf(problem), message: problem.detail });
  }

  function answerKilled(context: RequestContext, killed: Killed): void {
    if (killed !== 'call-done' && 'answer' in killed) return sendAnswer(context.exchange, killed.answer);
    answerLater(context, killed);
  }

  return {
    async post(context) {
      const { exchange, forwarded, origin } = context;
      const headers = newTrace === undefined ? context.headers : withTrace(context.headers, newTrace);
      const subject = identify(context);
      if ('code' in subject) {
        const answer = subject === noUser ? await challenges.ask(context) : undefined;
        counts.refused(subject.code);
        return answer === undefined ? sendIdentityProblem(context, subject) : sendAnswer(exchange, answer);
      }
      if (context.refusal !== undefined) return refuseLater(context, context.refusal);
      const read = await readBody(context.exchange, maxStatementBytes, budget);
      if ('refused' in read) {
        if (read.refused === 'client-gone') return;
        const tooLarge = { code: 'TOO_LARGE', detail: `the statement is larger than ${maxStatementBytes / 1024 / 1024} MiB.` } as const;
        const noMemory = {
          code: 'QUEUE_FULL',
          detail: 'the gateway holds as many waiting statements as its memory allows; try again shortly.',
        } as const;
        return refuseLater(context, read.refused === 'too-large' ? tooLarge : noMemory);
      }
      const { body } = read;
      if (body.length === 0)
        return sendProblem(exchange, {
          code: 'BAD_REQUEST',
          detail: 'the statement is empty: send SQL text as the body of POST /v1/statement.',
        });
      const killed = await kills.take(context, subject.user, body);
      if (killed !== undefined) return answerKilled(context, killed);
      const found = findRequestRoute(table(), context);
      if ('code' in found) return refuseLater(context, found);
      const picked = pick(found, subject);
      const route = routeOf({ runtime: keyOfEntry(picked), headers }) ?? picked;
      const runtime = keyOfEntry(route);
      context.notes.found(runtime, route === picked ? found.by : 'transaction');
      if (!mayUse(subject.identity, route)) return refuseLater(context, notAllowed(subject.identity, route));
      const user = subject.identity?.name ?? (subject.user === '' ? (subject.principal ?? '') : subject.user);
      const tooMany = countStatement({ user, address: forwarded.clientAddress, runtime });
      if (tooMany !== undefined) return refuseLater(context, tooMany);
      const held = queue.admit({ runtime, subject, patienceMs: route.patienceMs, headers, body, forwarded, origin });
      if ('code' in held) return refuseLater(context, held);
      counts.of(runtime).admitted += 1;
      if (queue.isStopped && route.state !== 'RUNNING') {
        held.capability = addresses.sealStatement(held.id, held);
        // A page that leads back here would lead nowhere.
        if (!addresses.canTravel(held.capability)) {
          queue.drop(held);
          return sendProblem(exchange, stopping);
        }
      }
      await new Promise<void>((resolve) => pages.wait(context, held, postHoldMs(route.state), held.token, () => resolve()));
      if (context.exchange.aborted) {
        // Gone before it knew of its query: nobody can ever ask for it.
        submitter.cancel(held);
        return queue.drop(held);
      }
      if (held.runtime !== runtime) context.notes.found(held.runtime, 'group');
      context.notes.queryId = held.outcome?.realId ?? held.id;
      pages.answer(context, held, true);
      // Nothing of it is left to ask for.
      if (held.token < 0 && held.state !== 'HANDED_OVER') queue.drop(held);
    },
    check(context) {
      const subject = identify(context);
      if ('code' in subject) sendIdentityProblem(context, subject);
      else sendEmpty(context.exchange, 200);
    },
  };
}
