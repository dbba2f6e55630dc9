// Everything that a client asks of a held statement: its pages, HEAD, and cancels. One that this replica does not know goes on
// here when its address carries it (design D4): the client never learns that the replica changed. Shell.
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import { headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';
import { createdAtOf } from '#trino/protocol/query-id.ts';
import { formatQueuedPage } from '#trino/protocol/synthetic-page.ts';
import { sendEmpty, sendPage, sendProblem } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { HeldPages } from './held-pages.ts';
import type { DatedEnd } from './hold/dated-end.ts';
import { createElsewhere } from './hold/elsewhere.ts';
import { isSlugOf, type HeldAddresses } from './hold/held-address.ts';
import { isPending, type HeldStatement } from './hold/held-statement.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import { failureOf, type RouteOf } from './hold/judge.ts';
import type { MarkedQueries } from './hold/marked-queries.ts';
import { pollHoldMs } from './hold/poll-pace.ts';
import type { KeyRing } from './hold/seal-key.ts';
import { joinHeaders, type SealedStatement } from './hold/sealed-statement.ts';
import { maybeSame, subjectOf, type Subject } from './hold/subject.ts';
import type { Submitter } from './hold/submitter.ts';
import { follow } from './trail.ts';
import type { RouteTable } from './routing/route-table.ts';

export interface HeldRequestsInit {
  readonly table: () => RouteTable;
  readonly routeOf: RouteOf;
  readonly queue: HoldQueue;
  readonly submitter: Submitter;
  readonly marked: MarkedQueries;
  readonly addresses: HeldAddresses;
  readonly keys: () => KeyRing;
  readonly pages: HeldPages;
  readonly clock: Clock;
}

export interface HeldRequest {
  readonly id: string;
  readonly slug: string;
  readonly token: number;
}

export interface HeldRequests {
  serve(context: RequestContext, request: HeldRequest): void | Promise<void>;
  /** Cancels by the held id alone (DELETE /v1/query/{id}), which can be guessed: another user is refused. False when it is not held here. */
  cancelById(context: RequestContext, id: string): boolean;
  /** Its coordinator is gone before its query began: it waits for the next one, and the client learns that it waits. */
  reopen(context: RequestContext, held: HeldStatement): void;
}

/** A page that asks for the very same page again is never given at once: clients ask again without a pause. */
const againMs = 500;

/** Whether it is the page whose address was given out last: what was signed once need not be signed again to be known. */
function isNewestPage({ signature, signedToken, capability }: HeldStatement, slug: string, token: number): boolean {
  return token === signedToken && signature !== undefined && capability !== undefined && isSlugOf(slug, signature, capability);
}

/** What becomes of a request for a statement that is not held here. */
type Unheld = DatedEnd | 'not-found' | 'ask-again';

export function createHeldRequests(init: HeldRequestsInit): HeldRequests {
  const { table, routeOf, queue, submitter, marked, addresses, keys, pages, clock } = init;
  const elsewhere = createElsewhere(clock);

  /** The very same page once more: from another replica, or from this one when it has started or has room. */
  async function askAgain(context: RequestContext, id: string): Promise<void> {
    if (!queue.isStopped) await pause(clock, againMs, context.gone);
    const { origin, path } = context;
    const elapsedMs = clock.now() - (createdAtOf(id) ?? clock.now());
    sendPage(context.exchange, formatQueuedPage({ id, origin, nextUri: `${origin}${path}`, elapsedMs }));
  }

  /** Goes on with a statement that another replica took, or this one before it was restarted. */
  function takeUp(
    context: RequestContext,
    { id, token }: HeldRequest,
    capability: string,
    sealed: SealedStatement,
  ): HeldStatement | Unheld {
    const { runtime, subject, arrivedAt, patienceMs, headers, body } = sealed;
    const ended = queue.endOf(id);
    if (ended !== undefined) return { end: ended, arrivedAt };
    // Just started: no runtime has been deleted only because none is known yet.
    if (table().byKey.size === 0 || queue.isStopped) return 'ask-again';
    const failure = failureOf(sealed, routeOf(sealed), clock.now() - arrivedAt);
    if (failure !== undefined) return { end: failure, arrivedAt };
    const { forwarded, origin } = context;
    const all = joinHeaders(headers, context.headers);
    const held = queue.admit({ runtime, subject, patienceMs, headers: all, body, forwarded, origin }, { id, arrivedAt, token, capability });
    // It was admitted once: it waits for a place here, and is not told that there is none.
    return 'code' in held ? 'ask-again' : held;
  }

  function find(context: RequestContext, request: HeldRequest): HeldStatement | Unheld {
    const { id, slug, token } = request;
    const held = queue.find(id);
    const asking = subjectOf(context.headers);
    if (held !== undefined && isNewestPage(held, slug, token)) return maybeSame(held.subject, asking) ? held : 'not-found';
    const capability = addresses.read(id, slug, token);
    if (capability === undefined) return keys().isComplete ? 'not-found' : 'ask-again';
    // Two replicas may give one id, but no capability twice.
    if (held !== undefined) return held.capability === capability && maybeSame(held.subject, asking) ? held : 'not-found';
    const sealed = addresses.open(id, capability);
    if (sealed === undefined) {
      const end = queue.endOf(id) ?? elsewhere.missed(id, token);
      return end === undefined ? 'ask-again' : { end, arrivedAt: createdAtOf(id) ?? clock.now() };
    }
    if ('end' in sealed) return sealed;
    if (!maybeSame(sealed.subject, asking)) return 'not-found';
    if (context.method !== 'DELETE') return takeUp(context, request, capability, sealed);
    if (queue.endOf(id) === undefined) queue.cancelUnheld(id);
    cancelMarked(context, { id, ...sealed });
    return 'ask-again';
  }

  /** What another replica handed over in the meantime. In the background: whoever cancels does not wait for it. */
  function cancelMarked(context: RequestContext, held: { readonly id: string; readonly runtime: string; readonly subject: Subject }): void {
    const { headers, forwarded } = context;
    const asker = { headers: withUser(headers, held.subject.user), forwarded };
    void marked.cancel(table().byKey.get(held.runtime), held.id, asker);
  }

  function cancel(context: RequestContext, held: HeldStatement): void {
    const isSurelyOurs = queue.realIdOf(held.id)?.hasBegun === true;
    submitter.cancel(held);
    if (!isSurelyOurs) cancelMarked(context, held);
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

  function answerPoll(context: RequestContext, held: HeldStatement, token: number): void {
    if (context.exchange.aborted) return;
    if (isPending(held) && token === held.token) held.token += 1;
    pages.answer(context, held, false);
  }

  function serveUnheld(context: RequestContext, id: string, unheld: Unheld): void | Promise<void> {
    const { method, exchange, origin } = context;
    if (unheld === 'not-found') {
      const detail = 'no such waiting query here: its address is wrong, or made with a key that is gone. Run the query again.';
      return sendProblem(exchange, { code: 'NOT_FOUND', detail });
    }
    if (method !== 'GET') return sendEmpty(exchange, method === 'HEAD' ? 200 : 204);
    if (unheld === 'ask-again') return askAgain(context, id);
    pages.sendEnd(context, { id, origin, arrivedAt: unheld.arrivedAt }, unheld.end);
  }

  return {
    serve(context, request) {
      const { id, token } = request;
      const { exchange, method, headers } = context;
      const held = find(context, request);
      if (typeof held === 'string' || !('state' in held)) return serveUnheld(context, id, held);
      queue.seen(held);
      context.notes.found(held.runtime, 'query');
      context.notes.queryId = held.id;
      if (method === 'HEAD') return sendEmpty(exchange, 200);
      if (method === 'DELETE') {
        cancel(context, held);
        return sendEmpty(exchange, 204);
      }
      if (token < held.token - 1) return sendProblem(exchange, { code: 'GONE', detail: 'this page has been passed already.' });
      follow(held.trail, token);
      // A page that another replica gave out meanwhile.
      held.token = Math.max(held.token, token);
      takeAuthorization(held, headerOf(headers, 'authorization'));
      // It has the statement in it, sealed, which is in memory already; and thousands are kept open.
      context.forgetAddress();
      pages.wait(context, held, pollHoldMs(token, headerOf(headers, 'user-agent'), id, queue.size), token, answerPoll);
    },
    cancelById(context, id) {
      const held = queue.find(id);
      // The Go client names nobody when it cancels.
      if (held === undefined || !maybeSame(held.subject, subjectOf(context.headers))) return false;
      cancel(context, held);
      return true;
    },
    reopen(context, held) {
      queue.reopen(held);
      pages.sendQueued(context, held);
    },
  };
}

/** A cancel may name nobody (Go): then it is the statement's own user who asks, known by the address or the id. */
function withUser(headers: HeaderPairs, user: string): HeaderPairs {
  const named = headers.filter(([name, value]) => value !== '' || !/^x-(?:trino|presto)-user$/i.test(name));
  const hasUser = named.some(([name]) => /^x-(?:trino|presto)-user$/i.test(name));
  return hasUser || user === '' ? named : [...named, ['X-Trino-User', user]];
}
