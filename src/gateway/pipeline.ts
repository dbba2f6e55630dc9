// The order of things for one request: what it is, whether it is admitted, the one handler whose matter it is, and the finish.
// docs/gateway-phases.md has the picture. Nothing here waits; handlers do.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { openGuard, type Guard } from './admit/guard.ts';
import { sendEmpty, sendJson, sendProblem } from './answers.ts';
import { classify, type RequestKind } from './classify.ts';
import { RequestContext } from './context.ts';
import { explanationOf, wantsExplanation } from './explain-answer.ts';
import type { Forward } from './forward.ts';
import type { HeldRequests } from './held-requests.ts';
import type { ClientExchange } from './http/client-exchange.ts';
import { serveLogin } from './login.ts';
import type { Queries } from './queries.ts';
import { chooseRequestRoute, findRequestRoute } from './routing/request-route.ts';
import { isProblem, isUp, keyOfEntry, type RouteTable } from './routing/route-table.ts';
import type { FindSeenFrom } from './seen-from.ts';
import type { Statements } from './statements.ts';
import { serveUi, type UiInit } from './ui.ts';

export interface PipelineInit extends UiInit {
  readonly guard: Guard;
  readonly table: () => RouteTable;
  readonly statements: Statements;
  readonly heldRequests: HeldRequests;
  readonly queries: Queries;
  readonly startedAt: number;
  readonly now: () => number;
  readonly isReady: () => boolean;
  readonly seenFrom: FindSeenFrom;
  /** Called once per request: its answer is complete, or there will be none. */
  readonly onFinished: (context: RequestContext) => void;
}

/** No promise where nothing has to be waited for in one: a request that is held keeps what it was begun with. */
export type Pipeline = (exchange: ClientExchange) => void | Promise<void>;

/** What BI tools ask on connecting; answered here, so that nothing wakes (trino-protocol section 6). */
function info({ table, startedAt, now }: PipelineInit, context: RequestContext): void {
  const route = chooseRequestRoute(table(), context);
  const version = isProblem(route) ? '483' : String(route.trinoVersion);
  const uptime = `${((now() - startedAt) / 60_000).toFixed(2)}m`;
  sendJson(context.exchange, { nodeVersion: { version }, environment: 'production', coordinator: true, starting: false, uptime });
}

/** Calls that belong to a runtime and cannot be held: forwarded when it runs, else 503 with its phase. */
async function forwardByRoute({ table, forward }: PipelineInit, context: RequestContext): Promise<void> {
  const route = chooseRequestRoute(table(), context);
  if (isProblem(route)) return sendProblem(context.exchange, route);
  return forwardTo(forward, context, route, isUp(route));
}

async function forwardTo(forward: Forward, context: RequestContext, route: RouteEntry, isThere: boolean): Promise<void> {
  const outcome = isThere ? await forward(context, route, { path: `${context.path}${context.search}` }) : 'refused';
  if (outcome === 'done' || context.gone.aborted) return;
  const name = `${route.namespace}/${route.name}`;
  sendProblem(context.exchange, {
    code: 'ASLEEP',
    detail: isThere
      ? `the coordinator of runtime ${name} does not answer just now.`
      : `runtime ${name} is ${route.state}; it wakes on its first query.`,
    retryAfterSeconds: 30,
  });
}

/**
 * Segments carry no query id and clients fetch them without any of the query's headers: the address itself says whose they are, by its
 * prefix or by a host name of one runtime alone (trino-protocol 4). Anything else would be a guess and could reach another runtime.
 */
async function spooled(init: PipelineInit, context: RequestContext): Promise<void> {
  const found = findRequestRoute(init.table(), context);
  if ('code' in found || found.by === 'default' || found.members.length > 1)
    return sendProblem(context.exchange, {
      code: 'NOT_FOUND',
      detail: 'the address of a spooled segment names its runtime, by /rt/<namespace>.<name> or the host name: this one names none.',
    });
  const { entry } = found;
  context.notes.found(keyOfEntry(entry), found.by);
  // While it goes to sleep, too, as the pages of its queries.
  const isThere = entry.coordinatorUrl !== undefined;
  // Nobody has to wake to throw a segment away: it expires by itself.
  if (!isThere && context.path.startsWith('/v1/spooled/ack/')) return sendEmpty(context.exchange, 200);
  return forwardTo(init.forward, context, entry, isThere);
}

export function createPipeline(init: PipelineInit): Pipeline {
  const { guard, statements, heldRequests, queries, seenFrom, now, onFinished } = init;

  function serve(context: RequestContext, what: RequestKind): void | Promise<void> {
    const { exchange } = context;
    // Names of runtimes are not for everybody where the gateway knows who asks.
    if (wantsExplanation(context.headers) && (guard === openGuard || context.identity !== undefined))
      exchange.decorate(() => explanationOf(init.table(), context));
    switch (what.kind) {
      case 'statement':
        return statements.post(context);
      case 'statement-check':
        return statements.check(context);
      case 'held':
        return heldRequests.serve(context, what);
      case 'query':
        if (
          context.method === 'DELETE' &&
          context.path.startsWith('/v1/query/') &&
          init.queue.realIdOf(what.id) === undefined &&
          heldRequests.cancelById(context, what.id)
        ) {
          return sendEmpty(exchange, 204);
        }
        return queries.follow(context, what.id);
      case 'info':
        return info(init, context);
      case 'ui':
        return serveUi(init, context, what.queryId);
      case 'spooled':
        return spooled(init, context);
      case 'query-list':
        return forwardByRoute(init, context);
      case 'login':
        return guard.login?.owns(context) === true ? guard.login.serve(context) : serveLogin(init, context);
      case 'health': {
        const isReady = context.path !== '/readyz' || init.isReady();
        return isReady
          ? sendJson(exchange, { status: 'ok' })
          : sendProblem(exchange, { code: 'STOPPING', detail: 'the gateway has no route table yet, or is stopping.' });
      }
      case 'method':
        return sendProblem(exchange, { code: 'METHOD', detail: `${context.method} is not for ${context.path}.` }, { Allow: what.allow });
      case 'unknown':
        return sendProblem(exchange, { code: 'FORBIDDEN_PATH', detail: 'this path is not for clients of Trino.' });
      default:
        what satisfies never;
    }
  }

  return (exchange) => {
    const asked = new RequestContext(exchange, seenFrom);
    const what = classify(asked.method, asked.path, asked.search);
    asked.notes.kind = what.kind;
    asked.notes.beganAt = now();
    exchange.onFinished(onFinished, asked);
    const admitted = guard.admit(asked, what);
    if (!(admitted instanceof Promise)) return admitted === undefined ? undefined : serve(admitted, what);
    return admitted.then((context) => (context === undefined ? undefined : serve(context, what)));
  };
}
