// One request as the handlers see it. Built once in the accept phase; handlers pass it on, nobody adds to it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerOf, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';

export interface RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly headers: HeaderPairs;
  readonly forwarded: ForwardedFor;
  /** http://localhost:8080 as the client wrote it. */
  readonly origin: string;
  /** Aborted when the client goes before the answer is complete. */
  readonly gone: AbortSignal;
}

export function createContext(request: IncomingMessage, response: ServerResponse, headers: HeaderPairs): RequestContext {
  const target = request.url ?? '/';
  const cut = target.indexOf('?');
  const isTls = 'encrypted' in request.socket;
  const protocol = isTls ? 'https' : 'http';
  const host = headerOf(headers, 'host') ?? 'localhost';
  const gone = new AbortController();
  // The socket's end, not the response's: a pipelined response that waits for its turn does not hear of it.
  const { socket } = request;
  const end = (): void => {
    if (!response.writableFinished) gone.abort();
  };
  socket.setMaxListeners(0);
  socket.once('close', end);
  response.once('finish', () => socket.off('close', end));
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: cut < 0 ? target : target.slice(0, cut),
    search: cut < 0 ? '' : target.slice(cut),
    headers,
    forwarded: { protocol, host, clientAddress: request.socket.remoteAddress ?? 'unknown' },
    origin: `${protocol}://${host}`,
    gone: gone.signal,
  };
}
