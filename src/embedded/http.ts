// The HTTP door of the embedded API: checks the bearer token, hands the request to its route, and turns every failure into
// a Status. What the paths mean is in http-routes.ts.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { KubeError } from '#kube/errors.ts';
import { answer, answerText } from './http-exchange.ts';
import type { Exchange } from './http-exchange.ts';
import { route } from './http-routes.ts';
import { NO_SUCH_PATH, asKubeError, statusOf } from './refusals.ts';
import type { ServerParts } from './server-parts.ts';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Every request needs `Authorization: Bearer <token>`. */
export function createRequestListener(parts: ServerParts, token: string): RequestListener {
  const wanted = digest(token);
  return (request, response) => {
    void handle(parts, request, response, (given) => timingSafeEqual(digest(given), wanted));
  };
}

async function handle(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  isToken: (given: string) => boolean,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  // A reset while answering is the client's business.
  response.on('error', () => gone.abort());
  const exchange = beginExchange(parts, request, response, gone.signal);
  try {
    if (exchange === undefined) {
      throw new KubeError({ code: 400, reason: 'BadRequest', message: 'the request path is not valid' });
    }
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || !isToken(given)) {
      throw new KubeError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    }
    await route(parts, exchange);
  } catch (error) {
    await fail(parts, exchange, request, response, error);
  }
}

function beginExchange(parts: ServerParts, request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Exchange | undefined {
  try {
    const url = new URL(request.url ?? '/', 'https://localhost');
    return {
      request,
      response,
      method: request.method ?? 'GET',
      path: url.pathname
        .split('/')
        .filter((part) => part !== '')
        .map(decodeURIComponent),
      query: url.searchParams,
      warnings: [],
      signal: AbortSignal.any([gone, parts.stopSignal]),
    };
  } catch (error) {
    parts.log('debug', 'unreadable request path', { error: String(error) });
    return undefined;
  }
}

async function fail(
  parts: ServerParts,
  exchange: Exchange | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): Promise<void> {
  const failure = asKubeError(error);
  if (failure.code >= 500 && failure.code !== 501) {
    parts.log('error', 'request failed', {
      method: request.method,
      path: request.url,
      error: failure.message,
      stack: error instanceof Error ? error.stack : undefined,
    });
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of an unread body would be taken for the next request.
  if (!request.complete) {
    response.setHeader('connection', 'close');
    request.resume();
  }
  if (exchange === undefined) {
    response.writeHead(failure.code, { 'content-type': 'application/json' }).end(JSON.stringify(statusOf(failure)));
    return;
  }
  if (failure === NO_SUCH_PATH) {
    answerText(exchange, failure.code, `${failure.message}\n`);
    return;
  }
  if (failure.retryAfterMs !== undefined) {
    response.setHeader('retry-after', Math.ceil(failure.retryAfterMs / 1_000));
  }
  await answer(exchange, failure.code === 0 ? 503 : failure.code, statusOf(failure));
}
