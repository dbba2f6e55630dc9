// A scripted Trino coordinator on a loopback port: pages, slugs and tokens as the real one makes them (trino-protocol 1.2-1.4),
// every call recorded, and faults on order. For what a real Trino cannot be made to do at will.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface FakeCall {
  readonly method: string;
  /** With query string. */
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface FakePage {
  /** Rows of one column; default none. */
  readonly rows?: readonly unknown[];
  /** Instead of rows: a page of about so many bytes, streamed. */
  readonly bytes?: number;
  readonly isGzip?: boolean;
  /** Alternating names and values. */
  readonly headers?: readonly string[];
  readonly errorName?: string;
}

/** What happens to the next matching call instead of its answer. */
export type Fault =
  | 'reset-before-head'
  | 'reset-mid-body'
  | 'stall'
  /** Taken and registered, but the connection breaks before the answer. */
  | 'reset-after-work'
  /** Answered as usual, but only then. */
  | { readonly after: Promise<void> }
  | { readonly status: number; readonly headers?: readonly string[]; readonly body?: string | Buffer };

export interface FakeQuery {
  readonly id: string;
  readonly sql: string;
  readonly traceToken: string | undefined;
  readonly clientTags: readonly string[];
  /** The first GET has come: the real Trino would run it from now on. */
  hasBegun: boolean;
  isCanceled: boolean;
  queuedToken: number;
  executingToken: number;
}

export interface FakeTrino {
  readonly url: string;
  readonly coordinatorId: string;
  readonly calls: readonly FakeCall[];
  readonly queries: ReadonlyMap<string, FakeQuery>;
  /** Data pages of every query; default one page with one row. */
  script: { queuedPolls: number; pages: readonly FakePage[] };
  /** `call` is a prefix of `METHOD path`. Faults of one prefix are used up in order. */
  failNext(call: string, ...faults: readonly Fault[]): void;
  count(call: string): number;
  /** Fulfilled when so many calls with this prefix have come. */
  called(call: string, times?: number): Promise<void>;
  /** Dead: connections are cut and refused. */
  die(): Promise<void>;
  /** Alive again on the same address; another process (new id, no queries) unless `isSameProcess`. */
  revive(options?: { readonly coordinatorId?: string; readonly isSameProcess?: boolean }): Promise<void>;
  /** Releases stalled calls by cutting them, and stops. */
  stop(): Promise<void>;
  /** Calls whose client went before it had the whole answer. */
  readonly abandoned: number;
  /** Bytes written into connections for pages of a given size. */
  readonly streamedBytes: number;
  /** Answers uptime in /v1/info, ms; the coordinator's id is left out when `hidesId` (before Trino 477). */
  info: { uptimeMs: number; hidesId: boolean; starting: boolean };
}

function slugOf(id: string, context: string, token: number): string {
  return `y${createHash('sha256').update(`${id}/${context}/${token}`).digest('hex').slice(0, 20)}`;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A big page is made of runs of one letter, in bytes, so that bytes in a wrong place show. */
export const bigRun = 64 * 1024;
const bigChunks = 'abcdefghijklmnopqrstuvwxyz'.split('').map((letter) => Buffer.alloc(bigRun, letter));

/** Calls back once, when it drained or is gone. */
function resume(response: ServerResponse, done: () => void): void {
  const once = (): void => {
    response.off('drain', once);
    response.off('close', once);
    done();
  };
  response.on('drain', once);
  response.on('close', once);
}

const column = { name: 'x', type: 'bigint', typeSignature: { rawType: 'bigint', arguments: [] } };
const statementPath = /^\/v1\/statement\/(queued|executing)\/(partialCancel\/)?([^/]+)\/([^/]+)\/([^/?]+)(?:\/([^/?]+))?/;

export async function createFakeTrino(options: { readonly coordinatorId?: string; readonly now?: () => number } = {}): Promise<FakeTrino> {
  let coordinatorId = options.coordinatorId ?? 'abcde';
  const now = options.now ?? ((): number => Date.UTC(2026, 0, 1));
  const calls: FakeCall[] = [];
  const queries = new Map<string, FakeQuery>();
  const faults: { readonly call: string; readonly fault: Fault }[] = [];
  const watchers = new Set<() => void>();
  let sequence = 0;
  let streamedBytes = 0;
  let abandoned = 0;
  let server: Server;
  let port = 0;

  function baseOf(request: IncomingMessage): string {
    const protocol = header(request, 'x-forwarded-proto') ?? 'http';
    const authority = header(request, 'x-forwarded-host') ?? header(request, 'host') ?? '';
    return `${protocol}://${authority}${header(request, 'x-forwarded-prefix') ?? ''}`;
  }

  function page(request: IncomingMessage, query: FakeQuery, more: object): string {
    const base = baseOf(request);
    const stats = { state: 'RUNNING', queued: false, scheduled: true, nodes: 1 };
    return JSON.stringify({ id: query.id, infoUri: `${base}/ui/query.html?${query.id}`, ...more, stats, warnings: [] });
  }

  function uri(request: IncomingMessage, query: FakeQuery, kind: 'queued' | 'executing', token: number): string {
    return `${baseOf(request)}/v1/statement/${kind}/${query.id}/${slugOf(query.id, kind, token)}/${token}`;
  }

  function sendJson(response: ServerResponse, body: string | Buffer, headers: readonly string[] = []): void {
    response.writeHead(200, ['Content-Type', 'application/json', ...headers, 'Content-Length', String(Buffer.byteLength(body))]);
    response.end(body);
  }

  function sendText(response: ServerResponse, status: number, text: string | Buffer, headers: readonly string[] = []): void {
    response.writeHead(status, ['Content-Type', 'text/plain', ...headers, 'Content-Length', String(Buffer.byteLength(text))]);
    response.end(text);
  }

  function post(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    if (body.length === 0) return sendText(response, 400, 'SQL statement is empty');
    const stamp = new Date(now()).toISOString().replaceAll(/[-:T]|\..*/g, '');
    const id = `${stamp.slice(0, 8)}_${stamp.slice(8, 14)}_${String(sequence++).padStart(5, '0')}_${coordinatorId}`;
    const query: FakeQuery = {
      id,
      sql: body.toString(),
      traceToken: header(request, 'x-trino-trace-token'),
      clientTags: (header(request, 'x-trino-client-tags') ?? '').split(',').filter((tag) => tag !== ''),
      hasBegun: false,
      isCanceled: false,
      queuedToken: 0,
      executingToken: -1,
    };
    queries.set(id, query);
    sendJson(response, page(request, query, { nextUri: uri(request, query, 'queued', 1) }));
  }

  async function sendBig(response: ServerResponse, start: string, bytes: number): Promise<void> {
    response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(bytes)]);
    const head = `${start.slice(0, -1)},"data":[["`;
    const tail = '"]]}';
    response.write(head);
    for (let left = bytes - head.length - tail.length; left > 0 && !response.destroyed; left -= bigRun) {
      const chunk = bigChunks[Math.floor(left / bigRun) % bigChunks.length] as Buffer;
      streamedBytes += chunk.length;
      if (!response.write(left < chunk.length ? chunk.subarray(0, left) : chunk))
        await new Promise<void>((resolve) => resume(response, resolve));
    }
    response.end(tail);
  }

  function executing(request: IncomingMessage, response: ServerResponse, query: FakeQuery, token: number): void {
    const { pages } = self.script;
    if (token < query.executingToken) return sendText(response, 410, 'Gone');
    if (token > query.executingToken + 1 || token >= pages.length) return sendText(response, 404, 'Query not found');
    query.executingToken = token;
    const { rows, bytes, isGzip, headers = [], errorName } = pages[token] ?? {};
    const isLast = token === pages.length - 1;
    const next = isLast || errorName !== undefined ? {} : { nextUri: uri(request, query, 'executing', token + 1) };
    const data = rows === undefined ? {} : { columns: [column], data: rows.map((row) => [row]) };
    const error = errorName === undefined ? {} : { error: { message: errorName, errorCode: 1, errorName, errorType: 'USER_ERROR' } };
    const text = page(request, query, { ...next, ...data, ...error });
    if (bytes !== undefined) return void sendBig(response, text, bytes);
    const accepts = header(request, 'accept-encoding') ?? '';
    if (isGzip === true && accepts.includes('gzip')) return sendJson(response, gzipSync(text), [...headers, 'Content-Encoding', 'gzip']);
    sendJson(response, text, headers);
  }

  function statement(request: IncomingMessage, response: ServerResponse, match: RegExpExecArray): void {
    const [, kind = '', partial, id = '', a = '', b = '', c] = match;
    const query = queries.get(id);
    const [slug, token] = partial === undefined ? [a, Number(b)] : [b, Number(c)];
    const context = kind as 'queued' | 'executing';
    if (query === undefined || slug !== slugOf(id, context, token)) return sendText(response, 404, 'Query not found');
    if (request.method === 'DELETE') {
      query.isCanceled = partial === undefined;
      return void response.writeHead(204).end();
    }
    if (request.method === 'HEAD') return void response.writeHead(200).end();
    if (context === 'executing') return executing(request, response, query, token);
    if (token !== query.queuedToken && token !== query.queuedToken + 1) return sendText(response, 410, 'Gone');
    query.hasBegun = true;
    query.queuedToken = token;
    const isDispatched = token >= self.script.queuedPolls;
    sendJson(
      response,
      page(request, query, { nextUri: isDispatched ? uri(request, query, 'executing', 0) : uri(request, query, 'queued', token + 1) }),
    );
  }

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const path = request.url ?? '';
    if (path === '/v1/statement' && request.method === 'POST') return post(request, response, body);
    const match = statementPath.exec(path);
    if (match !== null) return statement(request, response, match);
    if (path === '/v1/info') {
      const { uptimeMs, hidesId, starting } = self.info;
      const id = hidesId ? {} : { coordinatorId };
      return sendJson(
        response,
        JSON.stringify({ nodeVersion: { version: '483' }, starting, uptime: `${(uptimeMs / 1000).toFixed(2)}s`, ...id }),
      );
    }
    if (path === '/v1/query') {
      // As the real one: only for somebody, and what has only been submitted is not known here.
      const asker = header(request, 'x-trino-user') ?? header(request, 'authorization') ?? '';
      if (asker === '') return sendText(response, 401, 'X-Trino-User must be sent');
      const begun = [...queries.values()].filter(({ hasBegun }) => hasBegun);
      const listed = begun.map(({ id, traceToken, clientTags }) => ({ queryId: id, session: { traceToken, clientTags } }));
      return sendJson(response, JSON.stringify(listed));
    }
    const queryId = /^\/v1\/query\/([^/?]+)/.exec(path)?.[1];
    const query = queries.get(queryId ?? '');
    if (queryId !== undefined && request.method === 'DELETE') {
      if (query !== undefined) query.isCanceled = true;
      return void response.writeHead(204).end();
    }
    if (query !== undefined) return sendJson(response, JSON.stringify({ queryId, query: query.sql }));
    if (queryId !== undefined) return sendText(response, 410, 'Gone');
    sendText(response, 200, `${request.method ?? ''} ${path} ${body.toString()}`);
  }

  function breakBody(response: ServerResponse): void {
    // No length: only the broken connection tells that something is missing.
    response.writeHead(200, ['Content-Type', 'application/json']);
    response.write('{"id":"half a page', () => response.socket?.resetAndDestroy());
  }

  function fail(fault: Fault, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    if (fault === 'stall') return;
    if (fault === 'reset-before-head') return void request.socket.resetAndDestroy();
    if (fault === 'reset-mid-body') return breakBody(response);
    if (fault === 'reset-after-work') {
      // The answer goes nowhere.
      const { end } = response;
      response.end = ((): ServerResponse => {
        response.end = end;
        request.socket.resetAndDestroy();
        return response;
      }) as typeof end;
      response.writeHead = () => response;
      return answer(request, response, body);
    }
    if ('after' in fault) return void fault.after.then(() => answer(request, response, body)).catch(() => response.destroy());
    sendText(response, fault.status, fault.body ?? '', fault.headers);
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '', rawHeaders } = request;
    calls.push({ method, path, rawHeaders, body });
    const index = faults.findIndex(({ call }) => `${method} ${path}`.startsWith(call));
    const fault = index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
    if (fault === undefined) answer(request, response, body);
    else fail(fault, request, response, body);
    for (const watch of watchers) watch();
  }

  async function listen(): Promise<void> {
    server = createServer({ maxHeaderSize: 2 * 1024 * 1024 }, (request, response) => {
      response.once('close', () => (abandoned += response.writableFinished ? 0 : 1));
      // A client that breaks off is none of the coordinator's concern.
      take(request, response).catch(() => response.destroy());
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  async function die(): Promise<void> {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  const count = (call: string): number => calls.filter(({ method, path }) => `${method} ${path}`.startsWith(call)).length;
  const self: FakeTrino = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get coordinatorId() {
      return coordinatorId;
    },
    get abandoned() {
      return abandoned;
    },
    get streamedBytes() {
      return streamedBytes;
    },
    calls,
    queries,
    script: { queuedPolls: 1, pages: [{ rows: [1] }] },
    info: { uptimeMs: 3_600_000, hidesId: false, starting: false },
    failNext: (call, ...more) => faults.push(...more.map((fault) => ({ call, fault }))),
    count,
    called: (call, times = 1) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (count(call) < times) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    die,
    async revive({ coordinatorId: next = `${coordinatorId}2`, isSameProcess = false } = {}) {
      await die();
      if (!isSameProcess) {
        coordinatorId = next;
        queries.clear();
        self.info.uptimeMs = 0;
      }
      await listen();
    },
    stop: die,
  };
  await listen();
  return self;
}
