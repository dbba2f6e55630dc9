// The HTTPS door of admission: takes AdmissionReviews, bounded in size and time, and answers with what review.ts judges.
// Certificates are given to it and may be replaced while connections are open; it does not know where they come from.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate } from '#certificates/issue.ts';
import type { Log } from '#observe/log.ts';
import { paths } from './registration.ts';
import { parseReview, type Judge } from './review.ts';

export interface WebhookServer {
  /** The bound port; 0 takes any free one. Handshakes fail until a certificate is given. */
  listen(host: string, port: number): Promise<number>;
  /** For connections from now on; open ones stay as they are. */
  serve(certificate: IssuedCertificate): void;
  /** Fulfilled when the answers under way are given; the time-out of a request bounds it. */
  stop(): Promise<void>;
}

/** Two objects of the 3 MiB that an API server takes at most, and what is around them. */
const maxBodyBytes = 8 * 1024 * 1024;
/** Longer than the API server waits for an answer, so that it is the one that gives up. */
const longestRequestMs = 10_000;
/** API servers keep connections; above their 90 s, so that they close first and no request meets a closing one. */
const keepAliveTimeoutMs = 120_000;

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Refusal(413, `the review is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (error) {
    throw new Refusal(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function answerTo(request: IncomingMessage, judge: Judge): Promise<object> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  const kind = Object.keys(paths).find((one) => paths[one] === path);
  if (kind === undefined) throw new Refusal(404, `there is no webhook at ${path}; there are ${Object.values(paths).join(' and ')}`);
  if (request.method !== 'POST') throw new Refusal(405, 'reviews are sent with POST');
  if (request.headers['content-type']?.startsWith('application/json') !== true)
    throw new Refusal(415, 'reviews are sent as application/json');
  const review = parseReview(await readBody(request));
  if (typeof review === 'string') throw new Refusal(400, review);
  return judge(review);
}

function send(response: ServerResponse, status: number, body: object, isLast: boolean): void {
  const text = JSON.stringify(body);
  // A body that was not read to its end leaves a connection that cannot be used again.
  const connection = isLast || status >= 400 ? { connection: 'close' } : {};
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...connection });
  response.end(text);
}

export interface WebhookServerInit {
  readonly judge: Judge;
  readonly log: Log;
  /** Time for a request to arrive whole, in ms. */
  readonly requestTimeoutMs?: number;
}

export function createWebhookServer({ judge, log, requestTimeoutMs = longestRequestMs }: WebhookServerInit): WebhookServer {
  let isStopping = false;
  const server = createServer({ minVersion: 'TLSv1.2', connectionsCheckingInterval: requestTimeoutMs / 2 }, (request, response) => {
    // A reset while answering is the API server's business.
    response.on('error', () => undefined);
    answerTo(request, judge).then(
      (review) => send(response, 200, review, isStopping),
      (error: unknown) => {
        if (response.destroyed) return;
        if (!(error instanceof Refusal)) log.error('a review could not be judged', { url: request.url, error });
        const [status, message] = error instanceof Refusal ? [error.status, error.message] : [500, 'the webhook failed; its log says why'];
        send(response, status, { error: message }, isStopping);
      },
    );
  });
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = requestTimeoutMs;
  server.keepAliveTimeout = keepAliveTimeoutMs;
  server.maxRequestsPerSocket = 0;
  server.on('tlsClientError', (error: Error) => log.debug('a TLS handshake failed', { error }));
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    serve: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }),
    stop: () =>
      new Promise((resolve) => {
        isStopping = true;
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
