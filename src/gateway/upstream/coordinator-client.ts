// Talks to coordinators: one keep-alive pool each, so that one that stalls cannot starve the others (design section 5).
// Shell. Bytes are streamed, never parsed (D6); only small answers are read whole.
import { Agent, request, type IncomingMessage } from 'node:http';
import type { Clock } from '#core/clock.ts';
import { downstreamHeaders } from '#trino/protocol/headers.ts';

export interface UpstreamCall {
  /** http://address:port */
  readonly baseUrl: string;
  readonly method: string;
  /** With query string, as the client sent it. */
  readonly path: string;
  /** Alternating names and values, in order. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  readonly signal: AbortSignal;
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

export interface CoordinatorClient {
  open(call: UpstreamCall): Promise<IncomingMessage>;
  /** Reads the whole answer, up to its bound, within the head's time-out. */
  exchange(call: UpstreamCall): Promise<SmallAnswer>;
  /** Lets pools of coordinators that are no longer in use end; what runs on them runs to its end. */
  retain(baseUrls: ReadonlySet<string>): void;
  stop(): void;
}

const maxSocketsPerCoordinator = 1_024;
const maxSmallAnswerBytes = 1024 * 1024;
/** Trino's Jetty closes idle connections after 200 s; well before it, so that we close first. */
const idleSocketMs = 90_000;
/** Node's own limit is 16 KiB; prepared statements travel in headers (trino-protocol 2.3). */
const maxHeaderBytes = 128 * 1024;
const noConnection = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/** Errors of a kept-alive connection that the coordinator was closing just then. */
const staleConnection = new Set(['ECONNRESET', 'EPIPE']);

export function createCoordinatorClient(clock: Clock): CoordinatorClient {
  const agents = new Map<string, Agent>();

  function agentOf(baseUrl: string): Agent {
    let agent = agents.get(baseUrl);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: maxSocketsPerCoordinator, maxFreeSockets: 64, timeout: idleSocketMs });
      agents.set(baseUrl, agent);
    }
    return agent;
  }

  /** `isFresh` avoids a kept-alive socket that the coordinator may be closing just now. */
  function send(call: UpstreamCall, isFresh: boolean): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port, host } = new URL(call.baseUrl);
      const length = call.body === undefined ? [] : ['Content-Length', String(call.body.length)];
      const outgoing = request({
        agent: isFresh ? false : agentOf(call.baseUrl),
        host: hostname.replaceAll(/[[\]]/g, ''),
        port,
        method: call.method,
        path: call.path,
        headers: ['Host', host, ...call.headers, ...length],
        signal: call.signal,
        maxHeaderSize: maxHeaderBytes,
      });
      const cancelTimer = clock.after(call.headTimeoutMs, () => outgoing.destroy(new Error(`no answer within ${call.headTimeoutMs} ms`)));
      let isAnswered = false;
      outgoing.on('response', (response) => {
        isAnswered = true;
        cancelTimer();
        resolve(response);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        cancelTimer();
        // A break in the middle of the answer is the reader's matter.
        if (isAnswered) return;
        const code = error.code ?? '';
        if (outgoing.reusedSocket && staleConnection.has(code) && !call.signal.aborted) resolve(send(call, true));
        else reject(new UpstreamError(error.message, noConnection.has(code), error));
      });
      outgoing.end(call.body);
    });
  }

  async function readSmall(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  return {
    open: (call) => send(call, false),
    async exchange(call) {
      const response = await send(call, false);
      const cancelTimer = clock.after(call.headTimeoutMs, () =>
        response.destroy(new Error(`the answer was not complete after ${call.headTimeoutMs} ms`)),
      );
      try {
        const body = await readSmall(response, call.maxAnswerBytes ?? maxSmallAnswerBytes);
        return { status: response.statusCode ?? 502, headers: downstreamHeaders(response.rawHeaders), body };
      } catch (error) {
        throw new UpstreamError(error instanceof Error ? error.message : String(error), false, error);
      } finally {
        cancelTimer();
      }
    },
    retain(baseUrls) {
      for (const [baseUrl, agent] of agents) {
        if (baseUrls.has(baseUrl)) continue;
        agents.delete(baseUrl);
        agent.maxFreeSockets = 0;
        for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
      }
    },
    stop() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}
