// An API server of which the test decides every answer, over real sockets: http or https, with the kubeconfig that leads to
// it. It knows nothing of Kubernetes but the shape of a Status and of a watch.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** SHA-256 of the client certificate, where one was sent. */
  readonly clientFingerprint: string | undefined;
}

export type Answer = (response: ServerResponse, seen: Seen) => void;

export interface FakeApiServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** A directory of the test's own, removed at its end. */
  readonly directory: string;
  /** Writes a kubeconfig in that directory and returns its path. */
  kubeconfig(user: object, cluster?: object): string;
  /** The next answers, in turn; the last one is given again and again. */
  script(...answers: Answer[]): void;
}

export interface FakeApiServerOptions {
  readonly answers?: readonly Answer[];
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startFakeApiServer(t: TestContext, { answers = [], tls }: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const seen: Seen[] = [];
  const script = [...answers];
  const listener: RequestListener = (request, response) => {
    let body = '';
    const peer = tls === undefined ? undefined : (request.socket as TLSSocket).getPeerX509Certificate();
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x');
      const one = { method: request.method ?? '', url, headers: request.headers, body, clientFingerprint: peer?.fingerprint256 };
      seen.push(one);
      const answer = script.length > 1 ? script.shift() : script[0];
      answer?.(response, one);
    });
  };
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
  // Broken handshakes are what some tests are about; the client's side tells.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'fake-api-'));
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return {
    url,
    seen,
    directory,
    kubeconfig(user, cluster = {}) {
      const path = join(directory, 'config');
      const config = {
        'current-context': 'x',
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
        clusters: [{ name: 'x', cluster: { server: url, ...cluster } }],
        users: [{ name: 'x', user }],
      };
      writeFileSync(path, JSON.stringify(config));
      return path;
    },
    script: (...next) => void script.splice(0, script.length, ...next),
  };
}

export const json =
  (code: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

export const status = (code: number, reason: string, message: string, details: object = {}): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  details,
});

/** Lines of a watch, then the end of the answer, a reset, or silence. */
export const events =
  (lines: readonly (object | string)[], end: 'end' | 'reset' | 'open' = 'end'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('');
    // The callback runs when the bytes are handed over, so a reset cannot overtake them.
    response.write(text, () => {
      if (end === 'end') response.end();
      else if (end === 'reset') setImmediate(() => response.destroy());
    });
    response.flushHeaders();
  };
