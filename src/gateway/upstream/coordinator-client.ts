// Talks to coordinators: one keep-alive pool each, so that one that stalls cannot starve the others (design section 5).
// Shell. Bytes are streamed, never parsed (D6); only the small answer to a POST is read whole.
import { Agent, request, type IncomingMessage, type ServerResponse } from 'node:http';
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
}

/** Nothing of an answer has come. `isSafeToRepeat`: no byte can have been acted upon. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
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
  /** Reads the whole answer, at most 1 MiB. */
  exchange(call: UpstreamCall): Promise<SmallAnswer>;
  /** Ends pools of coordinators that are no longer in use. */
  retain(baseUrls: ReadonlySet<string>): void;
  stop(): void;
}

const maxSocketsPerCoordinator = 1_024;
const maxSmallAnswerBytes = 1024 * 1024;
const refused = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']);

export function createCoordinatorClient(): CoordinatorClient {
  const agents = new Map<string, Agent>();

  function agentOf(baseUrl: string): Agent {
    let agent = agents.get(baseUrl);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: maxSocketsPerCoordinator, maxFreeSockets: 64, timeout: 90_000 });
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
        maxHeaderSize: 128 * 1024,
      });
      const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${call.headTimeoutMs} ms`)), call.headTimeoutMs);
      outgoing.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !call.signal.aborted) resolve(send(call, true));
        else reject(new UpstreamError(error.message, refused.has(error.code ?? ''), error));
      });
      outgoing.end(call.body);
    });
  }

  return {
    open: (call) => send(call, false),
    async exchange(call) {
      const response = await send(call, false);
      const chunks: Buffer[] = [];
      let size = 0;
      try {
        for await (const chunk of response as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > maxSmallAnswerBytes) throw new Error('the answer is larger than 1 MiB');
          chunks.push(chunk);
        }
      } catch (error) {
        response.destroy();
        throw new UpstreamError(error instanceof Error ? error.message : String(error), false, error);
      }
      return { status: response.statusCode ?? 502, headers: downstreamHeaders(response.rawHeaders), body: Buffer.concat(chunks) };
    },
    retain(baseUrls) {
      for (const [baseUrl, agent] of agents) {
        if (baseUrls.has(baseUrl)) continue;
        agent.destroy();
        agents.delete(baseUrl);
      }
    },
    stop() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

/** Streams an answer to the client with back-pressure. A break in the middle breaks the client's connection too: never a truncated 200. */
export function relay(from: IncomingMessage, to: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    to.writeHead(from.statusCode ?? 502, from.statusMessage ?? '', downstreamHeaders(from.rawHeaders));
    from.on('error', () => to.destroy());
    from.on('aborted', () => to.destroy());
    // The query is not cancelled when a client goes: it may come back for the same page.
    to.on('close', () => {
      if (!to.writableFinished) from.destroy();
      resolve();
    });
    from.pipe(to);
  });
}
