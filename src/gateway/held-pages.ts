// The pages of a statement that is held here: waiting for it to come through, and answering with what its state calls for.
// Shell; trino-protocol 7.3-7.5.
import type { Clock, EpochMs } from '#core/clock.ts';
import { headerOf } from '#trino/protocol/headers.ts';
import { formatCallDonePage, formatErrorPage, formatQueuedPage, type Wait } from '#trino/protocol/synthetic-page.ts';
import type { MayUse } from './admit/access.ts';
import { notAllowed } from './admit/allowed-forward.ts';
import { sendAnswer, sendPage } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { ClientExchange } from './http/client-exchange.ts';
import type { LaterEnd } from './hold/dated-end.ts';
import { canceled } from './hold/endings.ts';
import { formatSlug, type HeldAddresses } from './hold/held-address.ts';
import { isPending, type HeldStatement } from './hold/held-statement.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import { failureOf, maySubmit, type RouteOf } from './hold/judge.ts';
import type { GatewayCounts } from './records/counts.ts';
import type { Places } from './hold/places.ts';
import type { Submitter } from './hold/submitter.ts';
import type { TakeOver } from './hold/take-over.ts';
import { takesWarnings, waitReasonOf } from './hold/wait-reason.ts';
import { WaitingRequest } from './hold/waiting-request.ts';

export interface HeldPagesInit {
  readonly routeOf: RouteOf;
  readonly mayUse: MayUse;
  readonly queue: HoldQueue;
  readonly submitter: Submitter;
  readonly takeOver: TakeOver;
  readonly places: Pick<Places, 'offer' | 'shortageOf'>;
  readonly addresses: HeldAddresses;
  readonly counts: GatewayCounts;
  readonly clock: Clock;
  /** The gateway itself is at fault: answers as far as it can be answered. */
  readonly failed: (exchange: ClientExchange, error: unknown, id: string) => void;
}

/** What a page says of its statement, held here or not. */
export interface PageOf {
  readonly id: string;
  readonly origin: string;
  readonly arrivedAt: EpochMs;
}

export type OnEnd = (context: RequestContext, held: HeldStatement, token: number) => void;

export interface HeldPages {
  /**
   * Calls back when the statement has come through, after `ms` at most, in the state in which it is to be answered; or the client has gone.
   * `token`: of the page that was asked for, handed to `onEnd`, which thousands have in common.
   */
  wait(context: RequestContext, held: HeldStatement, ms: number, token: number, onEnd: OnEnd): void;
  /** The page that the statement's state calls for. */
  answer(context: RequestContext, held: HeldStatement, isPost: boolean): void;
  sendQueued(context: RequestContext, held: HeldStatement): void;
  /** `slug`: of the page that is next, whose number is `token`. */
  sendNext(context: RequestContext, page: PageOf, slug: string, token: number): void;
  sendEnd(context: RequestContext, page: PageOf, end: LaterEnd): void;
}

export function createHeldPages({
  routeOf,
  mayUse,
  queue,
  submitter,
  places,
  takeOver,
  addresses,
  counts,
  clock,
  failed,
}: HeldPagesInit): HeldPages {
  const elapsedMs = ({ arrivedAt }: PageOf): number => clock.now() - arrivedAt;

  function sendNext(context: RequestContext, page: PageOf, slug: string, token: number, wait?: Wait): void {
    const { id, origin } = page;
    const nextUri = `${origin}/v1/statement/queued/${id}/${slug}/${token}`;
    sendPage(
      context.exchange,
      formatQueuedPage({ id, origin, nextUri, elapsedMs: elapsedMs(page), ...(wait === undefined ? {} : { wait }) }),
    );
  }

  function waitOf({ headers }: RequestContext, held: HeldStatement): Wait {
    const shortage = places.shortageOf(held);
    const warning = takesWarnings(headerOf(headers, 'user-agent')) ? waitReasonOf(routeOf(held), shortage) : undefined;
    return { warning, position: shortage?.position ?? 0 };
  }

  function sendEnd(context: RequestContext, page: PageOf, end: LaterEnd): void {
    const { id, origin } = page;
    const input = { id, origin, elapsedMs: elapsedMs(page) };
    sendPage(context.exchange, end === 'call-done' ? formatCallDonePage(input) : formatErrorPage({ ...input, failure: end }));
  }

  /** From now on the client knows the held id. */
  function sendQueued(context: RequestContext, held: HeldStatement): void {
    if (held.token < 0) counts.of(held.runtime).held += 1;
    held.token = Math.max(held.token, 0);
    held.capability ??= addresses.sealStatement(held.id, held);
    if (held.signedToken !== held.token) {
      held.signature = addresses.sign(held.id, held.capability, held.token);
      held.signedToken = held.token;
    }
    sendNext(context, held, formatSlug(held.signature ?? '', held.capability), held.token, waitOf(context, held));
  }

  /** How long the request waits for the next change, in ms; 0 when it is to be answered now. */
  function look({ exchange }: RequestContext, held: HeldStatement, until: EpochMs): number {
    // Nothing is submitted for a client that has gone.
    if (!isPending(held) || exchange.aborted) return 0;
    if (held.state === 'SUBMITTING') return Math.max(0, until - clock.now());
    takeOver(held);
    const entry = routeOf(held);
    const waitedMs = clock.now() - held.arrivedAt;
    const failure = failureOf(held, entry, waitedMs);
    if (failure !== undefined) {
      submitter.fail(held, failure);
      return 0;
    }
    // Asked where it really goes: a transaction, or another rule since its POST, may have changed it.
    const { identity } = held.subject;
    if (entry !== undefined && !mayUse(identity, entry)) {
      submitter.fail(held, { name: 'PERMISSION_DENIED', message: notAllowed(identity, entry).detail });
      return 0;
    }
    if (maySubmit(held, entry)) submitter.submit(held, entry);
    // Stopping: what waits goes on elsewhere, what is on its way is let arrive.
    if (queue.isStopped && held.state === 'HELD') return 0;
    return Math.max(0, Math.min(until - clock.now(), held.patienceMs - waitedMs + 1));
  }

  class HeldRequest extends WaitingRequest {
    readonly #context: RequestContext;
    readonly #until: EpochMs;
    readonly #token: number;
    readonly #onEnd: OnEnd;

    constructor(context: RequestContext, held: HeldStatement, until: EpochMs, token: number, onEnd: OnEnd) {
      super(held, context.exchange, queue);
      this.#context = context;
      this.#until = until;
      this.#token = token;
      this.#onEnd = onEnd;
    }

    look(): void {
      const { held } = this;
      const context = this.#context;
      try {
        const leftMs = look(context, held, this.#until);
        if (leftMs > 0) return queue.onChange(this, leftMs);
        // It may have been its turn, and it has not taken it.
        places.offer(held.runtime);
        this.#onEnd(context, held, this.#token);
      } catch (error) {
        failed(context.exchange, error, held.id);
      }
    }
  }

  return {
    sendQueued,
    sendNext,
    sendEnd,
    wait(context, held, ms, token, onEnd) {
      new HeldRequest(context, held, clock.now() + ms, token, onEnd).look();
    },
    answer(context, held, isPost) {
      const { outcome, failure } = held;
      // An error goes on a GET page: the JavaScript client loses one in the answer to its POST (trino-protocol 7.3).
      const isLastPage = outcome?.answer.status === 200 && outcome.nextUri === undefined;
      if (outcome !== undefined && !(isPost && isLastPage)) return sendAnswer(context.exchange, outcome.answer);
      if (isPost || isPending(held)) return sendQueued(context, held);
      sendEnd(context, held, failure ?? canceled);
    },
  };
}
