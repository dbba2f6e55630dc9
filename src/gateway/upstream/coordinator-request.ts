// One request to a coordinator until the head of its answer has come: waits for a connection, is sent, sent again where that changes
// nothing, given up when it takes too long. Shell. One object for all of it: a closure for each step costs more than reading both heads.
import type { Clock } from '#core/clock.ts';
import type { AnswerHead } from '../http/answer-head.ts';
import type { Cancellation } from '../http/departure.ts';
import type { ConnectionPool, ConnectionTaker } from './connection-pool.ts';
import type { CoordinatorConnection, Request } from './coordinator-connection.ts';
import { whyUntrusted } from './coordinator-trust.ts';

export interface UpstreamCall {
  /** http://address:port or https://address:port */
  readonly baseUrl: string;
  readonly method: string;
  /** With query string, as the client sent it. */
  readonly path: string;
  /** Header lines, each with its CRLF; without Host and what is about the length. */
  readonly lines: string;
  readonly body?: Buffer | undefined;
  readonly signal: Cancellation;
  /** Until the head of the answer, in ms. */
  readonly headTimeoutMs: number;
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

export interface CoordinatorRequestInit {
  readonly call: UpstreamCall;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly observer: UpstreamObserver | undefined;
  readonly resolve: (answer: CoordinatorAnswer) => void;
  readonly reject: (error: UpstreamError) => void;
}

const slowAfterMs = 3_000;
const noConnection = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** Errors of a kept-alive connection that the coordinator was closing just then. */
const staleConnection = new Set(['ECONNRESET', 'EPIPE']);

/** Also when the coordinator has seen it: a statement is only registered by its POST (trino-protocol 1.2). */
function maySendAgain({ method, path }: UpstreamCall): boolean {
  return (method !== 'POST' && method !== 'PUT') || path === '/v1/statement';
}

export class CoordinatorRequest implements Request, ConnectionTaker {
  readonly #init: CoordinatorRequestInit;
  #connection: CoordinatorConnection | undefined;
  #isLate = false;
  #cancelTimer: () => void;

  constructor(init: CoordinatorRequestInit) {
    this.#init = init;
    const { headTimeoutMs } = init.call;
    this.#cancelTimer =
      headTimeoutMs > slowAfterMs
        ? init.clock.after(slowAfterMs, () => this.#beSlow())
        : init.clock.after(headTimeoutMs, () => this.#beLate());
  }

  get head(): string {
    const { method, path, lines, body } = this.#init.call;
    const start = `${method} ${path} HTTP/1.1\r\nHost: ${this.#init.pool.authority}\r\n${lines}`;
    return body === undefined ? `${start}\r\n` : `${start}Content-Length: ${body.length}\r\n\r\n`;
  }

  get body(): Buffer | undefined {
    return this.#init.call.body;
  }

  get toHead(): boolean {
    return this.#init.call.method === 'HEAD';
  }

  get signal(): Cancellation {
    return this.#init.call.signal;
  }

  /** `isFresh` avoids a kept-alive connection that the coordinator may be closing just now. */
  begin(isFresh: boolean): void {
    const { pool } = this.#init;
    if (this.signal.aborted) return this.leave();
    const connection = pool.take(isFresh);
    if (connection !== undefined) return this.take(connection);
    pool.waitFor(this);
    this.signal.addEventListener('abort', this.leave);
  }

  take(connection: CoordinatorConnection): void {
    this.signal.removeEventListener('abort', this.leave);
    this.#connection = connection;
    connection.send(this);
  }

  onHead(head: AnswerHead): void {
    const { call, observer, resolve } = this.#init;
    this.#cancelTimer();
    observer?.answered(call.baseUrl, head.status);
    resolve({ head, connection: this.#connection as CoordinatorConnection });
  }

  onFailed(error: NodeJS.ErrnoException, hasBegun: boolean): void {
    const { call, observer, reject } = this.#init;
    const code = error.code ?? '';
    const isStale = this.#connection?.isReused === true && !hasBegun && staleConnection.has(code);
    if (isStale && maySendAgain(call) && !this.signal.aborted) {
      observer?.sentAgain();
      this.#connection = undefined;
      return this.begin(true);
    }
    const isOpening = this.#connection?.isOpening === true;
    const isRefused = isOpening || noConnection.has(code);
    this.#cancelTimer();
    this.#tell(isRefused);
    reject(new UpstreamError(isOpening ? whyUntrusted(error) : error.message, isRefused, error));
  }

  #beSlow(): void {
    const { call, clock, observer } = this.#init;
    this.#cancelTimer = clock.after(call.headTimeoutMs - slowAfterMs, () => this.#beLate());
    observer?.slow(call.baseUrl);
  }

  #beLate(): void {
    const { call, pool } = this.#init;
    this.#isLate = true;
    // Its host may have vanished: then those that are kept are as dead, and each would cost somebody as long.
    pool.endIdle();
    this.#end(new Error(`no answer within ${call.headTimeoutMs} ms`));
  }

  readonly leave = (): void => this.#end(new Error('who asked has gone'));

  #end(error: Error): void {
    if (this.#connection !== undefined) return this.#connection.destroy(error);
    this.#cancelTimer();
    this.signal.removeEventListener('abort', this.leave);
    this.#init.pool.forget(this);
    this.#tell(false);
    this.#init.reject(new UpstreamError(error.message, false, error));
  }

  #tell(isRefused: boolean): void {
    const { call, observer } = this.#init;
    if (!this.signal.aborted) observer?.failed(call.baseUrl, this.#isLate ? 'silent' : isRefused ? 'refused' : 'broken');
  }
}
