// Streams a coordinator's answer to the client with back-pressure: constant memory per connection, bytes untouched (design D6). A
// break in the middle breaks the client's connection too: never a truncated 200. A page for a client that could not stand that is kept
// whole first, up to a bound.
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import { cookiesBelow } from '../below-prefix.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import type { PageWatch } from '../running-queries.ts';
import type { CoordinatorAnswer } from './coordinator-request.ts';
import { silentMs, type AnswerReader, type CoordinatorConnection } from './coordinator-connection.ts';
import type { WholePage } from './whole-pages.ts';

/** A client that takes nothing for this long is gone: as Trino's query.client.timeout. */
const clientSilentMs = 5 * 60_000;

interface RelayInit {
  readonly connection: CoordinatorConnection;
  readonly to: ClientExchange;
  readonly watch: PageWatch | undefined;
  readonly whole: WholePage | undefined;
}

/** One object for all of it: closures for each page cost more than reading its head. */
class Relay implements AnswerReader {
  readonly #connection: CoordinatorConnection;
  readonly #to: ClientExchange;
  #watch: PageWatch | undefined;
  readonly #resolve: () => void;
  /** While nothing of the answer has been written. */
  #whole: WholePage | undefined;
  #waitedMs = 0;

  constructor({ connection, to, watch, whole }: RelayInit, resolve: () => void) {
    this.#connection = connection;
    this.#to = to;
    this.#watch = watch;
    this.#whole = whole;
    this.#resolve = resolve;
  }

  onData(slice: Buffer): void {
    if (this.#watch?.take(slice) === false) this.#watch = undefined;
    if (this.#whole === undefined) this.#to.add(slice);
    else this.#whole.add(slice);
  }

  onRead(isLast: boolean): boolean {
    const whole = this.#whole;
    if (!isLast && whole?.keep() === true) return true;
    const to = this.#to;
    whole?.addTo(to);
    this.#whole = undefined;
    const isFree = isLast ? to.end() : to.flush();
    if (isFree || !to.needsDrain) whole?.close(isFree);
    else if (whole !== undefined) to.onTaken(() => whole.close(false));
    if (isLast) this.#resolve();
    else if (to.needsDrain) {
      this.#connection.pause();
      to.onDrain(() => this.#goOn());
      // Nothing is read before the client has taken all of it.
      return true;
    }
    return isFree;
  }

  #goOn(): void {
    this.#waitedMs = 0;
    this.#connection.resume();
  }

  /** A coordinator is silent also because we do not read from it while the client is slow. */
  isSlowItself(): boolean {
    this.#waitedMs += silentMs;
    return this.#to.needsDrain && this.#waitedMs < clientSilentMs;
  }

  onBroken(): void {
    this.#whole?.close(true);
    // The query is not cancelled when a client goes: it may come back for the same page.
    this.#to.destroy();
    this.#resolve();
  }
}

export interface RelayOptions {
  /** See downstreamHeaders. */
  readonly coordinatorId: string | undefined;
  /** Of the client's address, where its cookies belong. */
  readonly prefix: string;
  /** Is shown the first bytes. */
  readonly watch: PageWatch | undefined;
  /** Where the answer is to be kept until all of it has come. */
  readonly whole: WholePage | undefined;
}

/** Fulfilled when the answer is complete or broken. */
export function relay({ head, connection }: CoordinatorAnswer, to: ClientExchange, options: RelayOptions): Promise<void> {
  const { coordinatorId, prefix, watch, whole } = options;
  watch?.begin(head);
  to.begin(head.status, head.reason, cookiesBelow(prefix, downstreamHeaders(head.headers, coordinatorId)), head.declaredLength);
  return new Promise((resolve) => connection.read(new Relay({ connection, to, watch, whole }, resolve)));
}
