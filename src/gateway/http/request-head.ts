// The head of a client's request: what it asks, and how long its body is. Pure. One reading or a refusal: a request whose end two
// readers could see in two places never gets further (RFC 9112 sections 3, 6 and 11.2).
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { maxFields, parseLength, type Framing } from './fields.ts';
import type { HeaderLines, KnownLines } from './header-lines.ts';

/** Bytes, 0 for none; chunked: until its last chunk. */
export type RequestBody = number | 'chunked';

export interface RequestHead {
  readonly method: string;
  /** As the client wrote it. Emptied when it is not needed any more: a request may be kept open for long, and this is most of it. */
  target: string;
  readonly isHttp10: boolean;
  readonly headers: HeaderPairs;
  readonly body: RequestBody;
  /** The client wants to go on with this connection. */
  readonly keepsAlive: boolean;
  /** The client sends its body when it is told to. */
  readonly awaitsContinue: boolean;
  readonly lines: HeaderLines;
}

/** The connection is of no use afterwards: nobody knows where the next request begins. */
export interface Refusal {
  readonly status: 400 | 417 | 431 | 501 | 503 | 505;
  readonly why: string;
}

/** Every request would keep a copy of the same few letters. */
const methods = new Map(['GET', 'POST', 'DELETE', 'HEAD', 'PUT', 'OPTIONS'].map((name) => [name, name]));

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([!-~]+) HTTP\/(\d\.\d)$/;
/** It becomes part of every address that we and the coordinator give out: a name or an address, and a port. */
const hostForm = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** A name or an address, with a port or without. */
export function isHost(text: string): boolean {
  return hostForm.test(text);
}

const refuse = (why: string, status: Refusal['status'] = 400): Refusal => ({ status, why });

function bodyOf({ lengths, codings }: Framing, isHttp10: boolean): RequestBody | Refusal {
  if (codings.length > 0) {
    if (lengths.length > 0) return refuse('both Transfer-Encoding and Content-Length: the body has two lengths');
    if (isHttp10) return refuse('HTTP/1.0 has no Transfer-Encoding');
    return codings.length === 1 && codings[0] === 'chunked' ? 'chunked' : refuse('the only transfer coding served is chunked, once', 501);
  }
  if (lengths.length === 0) return 0;
  if (lengths.length > 1) return refuse('more than one Content-Length');
  return parseLength(lengths[0] as string) ?? refuse('Content-Length is not a number of bytes');
}

function refusalOfHost({ hosts }: Framing, isHttp10: boolean): Refusal | undefined {
  if (hosts.length > 1) return refuse('more than one Host');
  if (hosts.length === 0) return isHttp10 ? undefined : refuse('Host is missing');
  return isHost(hosts[0] as string) ? undefined : refuse('Host is not a name or an address with its port');
}

/**
 * `line`: the first one, without its end. `text`: what follows, up to and including the empty line. `last`: the lines of requests before
 * it on the same connection. Two texts, since only the first is kept for as long as the request takes.
 */
export function parseRequestHead(line: string, text: string, known: KnownLines, last: readonly HeaderLines[]): RequestHead | Refusal {
  const [, method, target, version] = requestLine.exec(line) ?? [];
  const lines = last.find((other) => other.text === text) ?? known.read(text);
  if (typeof lines === 'string') return refuse(lines, lines.includes(`more than ${maxFields}`) ? 431 : 400);
  if (method === undefined || target === undefined) return refuse('the first line is not METHOD TARGET HTTP/1.1');
  if (version !== '1.1' && version !== '1.0') return refuse('only HTTP/1.1 and HTTP/1.0 are served', 505);
  const isHttp10 = version === '1.0';
  const { headers, framing } = lines;
  const refusal = refusalOfHost(framing, isHttp10);
  if (refusal !== undefined) return refusal;
  const body = bodyOf(framing, isHttp10);
  if (typeof body === 'object') return body;
  const { expectations, connection } = framing;
  if (expectations.some((expectation) => expectation !== '100-continue')) return refuse('the only expectation served is 100-continue', 417);
  // After CONNECT a client takes the connection for a tunnel.
  const keepsAlive = method !== 'CONNECT' && !connection.includes('close') && (!isHttp10 || connection.includes('keep-alive'));
  const awaitsContinue = expectations.length > 0 && body !== 0 && !isHttp10;
  return { method: methods.get(method) ?? method, target, isHttp10, headers, body, keepsAlive, awaitsContinue, lines };
}
