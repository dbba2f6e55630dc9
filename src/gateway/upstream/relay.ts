// Streams a coordinator's answer to the client with back-pressure: constant memory per connection, bytes untouched (design D6). A
// break in the middle breaks the client's connection too: never a truncated 200.
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import { cookiesBelow } from '../below-prefix.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import type { PageWatch } from '../running-queries.ts';
import type { CoordinatorAnswer } from './coordinator-request.ts';
import { silentMs, type AnswerReader, type CoordinatorConnection } from './coordinator-connection.ts';

/** A client that takes nothing for this long is gone: as Trino's query.client.timeout. */
const clientSilentMs = 5 * 60_000;

/** One object for all of it: closures for each page cost more than reading its head. */
class Relay implements AnswerReader {
  readonly #connection: CoordinatorConnection;
  readonly #to: ClientExchange;
  #watch: PageWatch | undefined;
  readonly #resolve: () => void;
  #waitedMs = 0;

  constructor(connection: CoordinatorConnection, to: ClientExchange, watch: PageWatch | undefined, resolve: () => void) {
    this.#connection = connection;
    this.#to = to;
    this.#watch = watch;
    this.#resolve = resolve;
  }

  onData(slice: Buffer): void {
    if (this.#watch?.take(slice) === false) this.#watch = undefined;
    this.#to.add(slice);
  }

  onRead(isLast: boolean): boolean {
    const to = this.#to;
    const isFree = isLast ? to.end() : to.flush();
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
    // The query is not cancelled when a client goes: it may come back for the same page.
    this.#to.destroy();
    this.#resolve();
  }
}

/**
 * Fulfilled when the answer is complete or broken. `coordinatorId`: see downstreamHeaders. `prefix`: of the client's address, where its
 * cookies belong. `watch` is shown the first bytes.
 */
export function relay(
  { head, connection }: CoordinatorAnswer,
  to: ClientExchange,
  coordinatorId: string | undefined,
  prefix: string,
  watch: PageWatch | undefined,
): Promise<void> {
  watch?.begin(head);
  to.begin(head.status, head.reason, cookiesBelow(prefix, downstreamHeaders(head.headers, coordinatorId)), head.declaredLength);
  return new Promise((resolve) => connection.read(new Relay(connection, to, watch, resolve)));
}
