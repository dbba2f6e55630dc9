// Streams a coordinator's answer to the client with back-pressure: constant memory per connection, bytes untouched (design D6). A
// break in the middle breaks the client's connection too: never a truncated 200.
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import type { CoordinatorAnswer } from './coordinator-client.ts';
import { silentMs, type AnswerReader } from './coordinator-connection.ts';

/** A client that takes nothing for this long is gone: as Trino's query.client.timeout. */
const clientSilentMs = 5 * 60_000;

/** Fulfilled when the answer is complete or broken. `coordinatorId`: see downstreamHeaders. */
export function relay({ head, connection }: CoordinatorAnswer, to: ClientExchange, coordinatorId?: string): Promise<void> {
  return new Promise((resolve) => {
    let waitedMs = 0;
    const goOn = (): void => {
      waitedMs = 0;
      connection.resume();
    };
    const reader: AnswerReader = {
      onData: (slice) => to.add(slice),
      onRead(isLast) {
        const isFree = isLast ? to.end() : to.flush();
        if (isLast) resolve();
        else if (to.needsDrain) {
          connection.pause();
          to.onDrain(goOn);
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
    to.begin(head.status, head.reason, downstreamHeaders(head.headers, coordinatorId), head.declaredLength);
    connection.read(reader);
  });
}
