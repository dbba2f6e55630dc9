// Streams a coordinator's answer to the client with back-pressure: constant memory per connection, bytes untouched (design D6). A
// break in the middle breaks the client's connection too: never a truncated 200.
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import { cookiesBelow } from '../below-prefix.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import type { PageWatch } from '../running-queries.ts';
import type { CoordinatorAnswer } from './coordinator-request.ts';
import { silentMs, type AnswerReader } from './coordinator-connection.ts';

/** A client that takes nothing for this long is gone: as Trino's query.client.timeout. */
const clientSilentMs = 5 * 60_000;

export interface RelayOptions {
  /** See downstreamHeaders. */
  readonly coordinatorId?: string | undefined;
  /** Of the client's address: where its cookies belong. */
  readonly prefix?: string;
  /** Is shown the first bytes. */
  readonly watch?: PageWatch | undefined;
}

/** Fulfilled when the answer is complete or broken. */
export function relay({ head, connection }: CoordinatorAnswer, to: ClientExchange, options: RelayOptions): Promise<void> {
  return new Promise((resolve) => {
    const { coordinatorId, prefix = '' } = options;
    let { watch } = options;
    let waitedMs = 0;
    const goOn = (): void => {
      waitedMs = 0;
      connection.resume();
    };
    const reader: AnswerReader = {
      onData(slice) {
        if (watch?.take(slice) === false) watch = undefined;
        to.add(slice);
      },
      onRead(isLast) {
        const isFree = isLast ? to.end() : to.flush();
        if (isLast) resolve();
        else if (to.needsDrain) {
          connection.pause();
          to.onDrain(goOn);
          // Nothing is read before the client has taken all of it.
          return true;
        }
        return isFree;
      },
      // A coordinator is silent also because we do not read from it while the client is slow.
      isSlowItself() {
        waitedMs += silentMs;
        return to.needsDrain && waitedMs < clientSilentMs;
      },
      onBroken() {
        // The query is not cancelled when a client goes: it may come back for the same page.
        to.destroy();
        resolve();
      },
    };
    watch?.begin(head);
    to.begin(head.status, head.reason, cookiesBelow(prefix, downstreamHeaders(head.headers, coordinatorId)), head.declaredLength);
    connection.read(reader);
  });
}
