// Streams a coordinator's answer to the client with back-pressure: constant memory per connection, bytes untouched (design
// D6). A break in the middle breaks the client's connection too: never a truncated 200.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { downstreamHeaders } from '#trino/protocol/headers.ts';

/** Without a byte from the coordinator for this long in the middle of an answer, it is taken for dead. */
export const coordinatorSilentMs = 120_000;
/** A client that takes nothing for this long is gone: as Trino's query.client.timeout. */
export const clientSilentMs = 5 * 60_000;

export interface RelayTimes {
  readonly coordinatorSilentMs: number;
  readonly clientSilentMs: number;
}

/** Fulfilled when the answer is complete or broken. `coordinatorId`: see downstreamHeaders. */
export function relay(
  from: IncomingMessage,
  to: ServerResponse,
  coordinatorId?: string,
  times: RelayTimes = { coordinatorSilentMs, clientSilentMs },
): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed) {
      from.destroy();
      resolve();
      return;
    }
    const { socket } = from;
    let slowMs = 0;
    // A socket is silent also because we do not read from it while the client is slow.
    const silent = (): void => {
      slowMs += times.coordinatorSilentMs;
      if (to.writableNeedDrain && slowMs < times.clientSilentMs) return;
      from.destroy(new Error('nothing moved any more'));
    };
    socket.setTimeout(times.coordinatorSilentMs);
    socket.on('timeout', silent);
    to.on('drain', () => (slowMs = 0));
    to.writeHead(from.statusCode ?? 502, from.statusMessage ?? '', downstreamHeaders(from.rawHeaders, coordinatorId));
    // Also after the head alone: an error before the end means a connection that broke.
    from.on('error', () => to.destroy());
    to.on('close', () => {
      socket.off('timeout', silent);
      // The query is not cancelled when a client goes: it may come back for the same page.
      if (!to.writableFinished) from.destroy();
      resolve();
    });
    from.pipe(to);
  });
}
