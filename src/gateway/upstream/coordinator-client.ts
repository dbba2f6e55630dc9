// Talks to coordinators: one pool of connections each, so that one that stalls cannot starve the others (design section 5). Shell.
// Bytes are streamed, never parsed (D6); only small answers are read whole.
import type { Clock } from '#core/clock.ts';
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { AnswerReader } from './coordinator-connection.ts';
import {
  CoordinatorRequest,
  UpstreamError,
  type CoordinatorAnswer,
  type UpstreamCall,
  type UpstreamObserver,
} from './coordinator-request.ts';
import { createKnownTrust, type CoordinatorTrust } from './coordinator-trust.ts';

export interface SmallAnswer {
  readonly status: number;
  /** Alternating names and values, hop-by-hop ones removed. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface SmallCall extends UpstreamCall {
  /** How much of an answer is read; default 1 MiB. */
  readonly maxAnswerBytes?: number;
}

export interface CoordinatorClient {
  /** Open connections to all coordinators. */
  readonly connections: number;
  /** Rejects with UpstreamError. */
  open(call: UpstreamCall): Promise<CoordinatorAnswer>;
  /** Reads the whole answer, up to its bound, within the head's time-out. */
  exchange(call: SmallCall): Promise<SmallAnswer>;
  /** Lets pools of coordinators that are no longer in use end; what runs on them runs to its end. */
  retain(baseUrls: ReadonlySet<string>): void;
  stop(): void;
}

const maxSmallAnswerBytes = 1024 * 1024;

/** Its connection is good for the next request then. */
export function discard({ connection }: CoordinatorAnswer): void {
  connection.read({ onData: () => undefined, onRead: () => true, isSlowItself: () => false, onBroken: () => undefined });
}

function readWhole({ connection }: CoordinatorAnswer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const reader: AnswerReader = {
      onData(slice) {
        size += slice.length;
        if (size <= maxBytes) chunks.push(Buffer.from(slice));
        else connection.destroy(new Error(`the answer is larger than ${maxBytes / 1024 / 1024} MiB`));
      },
      onRead(isLast) {
        if (isLast) resolve(Buffer.concat(chunks));
        return true;
      },
      isSlowItself: () => false,
      onBroken: reject,
    };
    connection.read(reader);
  });
}

export interface CoordinatorClientInit {
  readonly clock: Clock;
  readonly observer?: UpstreamObserver;
  /** Default: the authorities that Node knows. */
  readonly trust?: CoordinatorTrust | undefined;
}

export function createCoordinatorClient({ clock, observer, trust = createKnownTrust() }: CoordinatorClientInit): CoordinatorClient {
  const pools = new Map<string, ConnectionPool>();

  function poolOf(baseUrl: string): ConnectionPool {
    let pool = pools.get(baseUrl);
    if (pool === undefined) pools.set(baseUrl, (pool = new ConnectionPool(baseUrl, trust)));
    return pool;
  }

  function open(call: UpstreamCall): Promise<CoordinatorAnswer> {
    return new Promise((resolve, reject) => {
      new CoordinatorRequest({ call, pool: poolOf(call.baseUrl), clock, observer, resolve, reject }).begin(false);
    });
  }

  return {
    get connections() {
      let count = 0;
      for (const pool of pools.values()) count += pool.count;
      return count;
    },
    open,
    async exchange(call) {
      const answer = await open(call);
      const { head, connection } = answer;
      const late = (): void => connection.destroy(new Error(`the answer was not complete after ${call.headTimeoutMs} ms`));
      const cancelTimer = clock.after(call.headTimeoutMs, late);
      try {
        const body = await readWhole(answer, call.maxAnswerBytes ?? maxSmallAnswerBytes);
        return { status: head.status, headers: downstreamHeaders(head.headers), body };
      } catch (error) {
        throw new UpstreamError(error instanceof Error ? error.message : String(error), false, error);
      } finally {
        cancelTimer();
      }
    },
    retain(baseUrls) {
      for (const [baseUrl, pool] of pools) {
        if (baseUrls.has(baseUrl)) continue;
        pools.delete(baseUrl);
        pool.retire();
      }
    },
    stop() {
      for (const pool of pools.values()) pool.retire();
      pools.clear();
    },
  };
}
