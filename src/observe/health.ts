// The port beside a role's own: does the process live, can it do its work, and its metrics. Plain text, as Kubernetes'
// components answer. It must not know what is judged.
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Not imported: as a module of its own `node:http` brings Node's `fetch` and HTTP/2 along, 4 MB that no role has a use for. */
const { createServer } = process.getBuiltinModule('node:http');

export interface Check {
  readonly name: string;
  readonly isGood: boolean;
  /** For a person: what is so, or what is wrong. */
  readonly message: string;
}

export interface HealthServerInit {
  /** Asked at each call of /readyz; ready when all are good. */
  readonly checks: () => readonly Check[];
  readonly metrics?: { readonly contentType: string; render(): Promise<string> };
  /** What /status tells, as JSON. */
  readonly status?: () => unknown;
}

export interface HealthServer {
  listen(host: string, port: number): Promise<number>;
  stop(): Promise<void>;
}

/** `[+]leader: this operator leads`, as the API server writes its own. Pure. */
export function formatChecks(checks: readonly Check[]): string {
  return checks.map(({ name, isGood, message }) => `[${isGood ? '+' : '-'}]${name}: ${message}\n`).join('');
}

function answer(response: ServerResponse, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text);
}

export function createHealthServer({ checks, metrics, status }: HealthServerInit): HealthServer {
  async function respond(path: string, response: ServerResponse): Promise<void> {
    // Whoever is answered sees that the loop turns; what is wrong beyond that is not mended by a restart.
    if (path === '/livez' || path === '/healthz') return answer(response, 200, 'ok\n');
    if (path === '/metrics' && metrics !== undefined) return answer(response, 200, await metrics.render(), metrics.contentType);
    if (path === '/status' && status !== undefined)
      return answer(response, 200, `${JSON.stringify(status(), undefined, 2)}\n`, 'application/json');
    if (path !== '/readyz')
      return answer(response, 404, `there is /livez, /readyz${status === undefined ? '' : ', /status'} and /metrics\n`);
    const judged = checks();
    return answer(response, judged.every(({ isGood }) => isGood) ? 200 : 503, formatChecks(judged));
  }
  const server = createServer((request, response) => {
    respond((request.url ?? '').replace(/\?.*/, ''), response).catch((error: unknown) => {
      if (!response.headersSent) answer(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, exclusive: true }, () => {
          server.removeListener('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
