// The gateway's own answers. Shell; a client that has gone is no error.
import type { ClientExchange } from './http/client-exchange.ts';
import { reasonOf } from './http/reason-phrases.ts';
import { formatProblem, statusOf, type GatewayProblem } from './problems.ts';

export function sendPage(exchange: ClientExchange, page: string): void {
  exchange.send(200, ['Content-Type', 'application/json', 'Cache-Control', 'no-store'], page);
}

export function sendJson(exchange: ClientExchange, value: unknown): void {
  sendPage(exchange, JSON.stringify(value));
}

function linesOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flat();
}

export function sendHtml(exchange: ClientExchange, status: number, html: string, headers: Readonly<Record<string, string>> = {}): void {
  exchange.send(status, ['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'no-store', ...linesOf(headers)], html);
}

export function sendEmpty(exchange: ClientExchange, status: number, headers: Readonly<Record<string, string>> = {}): void {
  exchange.send(status, linesOf(headers), '');
}

export function sendRedirect(exchange: ClientExchange, location: string): void {
  sendEmpty(exchange, 302, { Location: location });
}

export function sendProblem(exchange: ClientExchange, problem: GatewayProblem, headers: Readonly<Record<string, string>> = {}): void {
  const retry = problem.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(problem.retryAfterSeconds) };
  const lines = linesOf({ 'Content-Type': 'application/problem+json', ...retry, ...headers });
  exchange.send(statusOf(problem), lines, formatProblem(problem));
}

/** In plain words, because Trino's clients print the body; one line per challenge, since some clients read only the first of each. */
export function sendUnauthorized(exchange: ClientExchange, why: string, challenges: readonly string[]): void {
  const lines = challenges.flatMap((challenge) => ['WWW-Authenticate', challenge]);
  exchange.send(
    401,
    [...lines, 'Content-Type', 'text/plain; charset=utf-8'],
    `${why}
`,
  );
}

/** An answer of a coordinator that was read whole, line by line as it came. */
export function sendAnswer(
  exchange: ClientExchange,
  answer: { readonly status: number; readonly headers: readonly string[]; readonly body: Buffer },
): void {
  const { status, headers, body } = answer;
  exchange.begin(status, reasonOf(status), headers, body.length);
  exchange.add(body);
  exchange.end();
}
