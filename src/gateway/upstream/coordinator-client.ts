// Talks to coordinators: one pool of connections each, so that one that stalls cannot starve the others (design section 5). Shell.
// Bytes are streamed, never parsed (D6); only small answers are read whole.
import type { Clock } from '#core/clock.ts';
import { downstreamHeaders } from '#trino/protocol/headers.ts';
import type { AnswerHead } from '../http/answer-head.ts';
import type { Cancellation } from '../http/departure.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { AnswerReader, CoordinatorConnection } from './coordinator-connection.ts';

export interface UpstreamCall {
  /** http://address:port */
  readonly baseUrl: string;
  readonly method: string;
  /** With query string, as the client sent it. */
  readonly path: string;
  /** Alternating names and values, in order. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  readonly signal: Cancellation;
  /** Until the head of the answer, in ms. */
  readonly headTimeoutMs: number;
  /** How much of an answer `exchange` reads; default 1 MiB. */
  readonly maxAnswerBytes?: number;
}

/** There is no answer, or not a whole one. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  /** No connection came about: the coordinator has not seen a byte of the request. */
  readonly isRefused: boolean;

  constructor(message: string, isRefused: boolean, cause: unknown) {
    super(message, { cause });
    this.isRefused = isRefused;
  }
}

export interface SmallAnswer {
  readonly status: number;
  /** Alternating names and values, hop-by-hop ones removed. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Its head has come. Its body must be read or thrown away. */
export interface CoordinatorAnswer {
  readonly head: AnswerHead;
  readonly connection: CoordinatorConnection;
}

/** Told of what becomes of requests; not of those whose asker has gone. */
export interface UpstreamObserver {
  answered(baseUrl: string, status: number): void;
  failed(baseUrl: string, how: 'refused' | 'broken' | 'silent'): void;
  /** It has none yet, but Trino would have answered by now: it holds no answer back longer than a second. */
  slow(baseUrl: string): void;
  /** Once more on another connection. */
  sentAgain(): void;
}

export interface CoordinatorClient {
  /** Open connections to all coordinators. */
  readonly connections: number;
  open(call: UpstreamCall): Promise<CoordinatorAnswer>;
  /** Reads the whole answer, up to its bound, within the head's time-out. */
  exchange(call: UpstreamCall): Promise<SmallAnswer>;
  /** Lets pools of coordinators that are no longer in use end; what runs on them runs to its end. */
  retain(baseUrls: ReadonlySet<string>): void;
  stop(): void;
}

const maxSmallAnswerBytes = 1024 * 1024;
const slowAfterMs = 3_000;
const noConnection = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** Errors of a kept-alive connection that the coordinator was closing just then. */
const staleConnection = new Set(['ECONNRESET', 'EPIPE']);

/** Also when the coordinator has seen it: a statement is only registered by its POST (trino-protocol 1.2). */
function maySendAgain({ method, path }: UpstreamCall): boolean {
  return (method !== 'POST' && method !== 'PUT') || path === '/v1/statement';
}

/** Its connection is good for the next request then. */
export function discard({ connection }: CoordinatorAnswer): void {
  connection.read({ onData: () => undefined, onRead: () => true, isSlowItself: () => false, onBroken: () => undefined });
}

function headOf({ baseUrl, method, path, headers, body }: UpstreamCall): string {
  let head = `${method} ${path} HTTP/1.1\r\nHost: ${baseUrl.slice(baseUrl.indexOf('//') + 2)}\r\n`;
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index] as string}: ${headers[index + 1] as string}\r\n`;
  return body === undefined ? `${head}\r\n` : `${head}Content-Length: ${body.length}\r\n\r\n`;
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

export function createCoordinatorClient(clock: Clock, observer?: UpstreamObserver): CoordinatorClient {
  const pools = new Map<string, ConnectionPool>();

  function poolOf(baseUrl: string): ConnectionPool {
    let pool = pools.get(baseUrl);
    if (pool === undefined) pools.set(baseUrl, (pool = new ConnectionPool(baseUrl)));
    return pool;
  }

  /** `isFresh` avoids a kept-alive connection that the coordinator may be closing just now. */
  function send(call: UpstreamCall, isFresh: boolean): Promise<CoordinatorAnswer> {
    return new Promise((resolve, reject) => {
      const { signal, headTimeoutMs } = call;
      const pool = poolOf(call.baseUrl);
      let connection: CoordinatorConnection | undefined;
      let isLate = false;
      const tell = (isRefused: boolean): void => {
        if (!signal.aborted) observer?.failed(call.baseUrl, isRefused ? 'refused' : isLate ? 'silent' : 'broken');
      };
      const end = (error: Error): void => {
        if (connection !== undefined) return connection.destroy(error);
        settle();
        pool.forget(take);
        tell(false);
        reject(new UpstreamError(error.message, false, error));
      };
      const leave = (): void => end(new Error('who asked has gone'));
      const beLate = (): void => {
        isLate = true;
        // Its host may have vanished: then those that are kept are as dead, and each would cost somebody as long.
        pool.endIdle();
        end(new Error(`no answer within ${headTimeoutMs} ms`));
      };
      const beSlow = (): void => {
        cancel = clock.after(headTimeoutMs - slowAfterMs, beLate);
        observer?.slow(call.baseUrl);
      };
      let cancel = headTimeoutMs > slowAfterMs ? clock.after(slowAfterMs, beSlow) : clock.after(headTimeoutMs, beLate);
      const cancelTimer = (): void => cancel();
      const settle = (): void => {
        cancelTimer();
        signal.removeEventListener('abort', leave);
      };
      const take = (taken: CoordinatorConnection): void => {
        connection = taken;
        signal.removeEventListener('abort', leave);
        taken.send({
          head: headOf(call),
          body: call.body,
          toHead: call.method === 'HEAD',
          signal,
          onHead(head) {
            cancelTimer();
            observer?.answered(call.baseUrl, head.status);
            resolve({ head, connection: taken });
          },
          onFailed(error, hasBegun) {
            settle();
            const code = error.code ?? '';
            const isStale = taken.isReused && !hasBegun && staleConnection.has(code);
            if (isStale && maySendAgain(call) && !signal.aborted) {
              observer?.sentAgain();
              return resolve(send(call, true));
            }
            const isRefused = noConnection.has(code);
            tell(isRefused);
            reject(new UpstreamError(error.message, isRefused, error));
          },
        });
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave);
      pool.take(isFresh, take);
    });
  }

  return {
    get connections() {
      let count = 0;
      for (const pool of pools.values()) count += pool.count;
      return count;
    },
    open: (call) => send(call, false),
    async exchange(call) {
      const answer = await send(call, false);
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
