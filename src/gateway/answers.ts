// Writing the gateway's own answers. Shell; a client that has gone is no error.
import type { ServerResponse } from 'node:http';
import { formatProblem, statusOf, type GatewayProblem } from './problems.ts';

function canAnswer(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed;
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): void {
  if (!canAnswer(response)) return;
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  response.end(body);
}

export function sendPage(response: ServerResponse, page: string): void {
  send(response, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }, page);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  sendPage(response, JSON.stringify(value));
}

export function sendHtml(response: ServerResponse, status: number, html: string, headers: Readonly<Record<string, string>> = {}): void {
  send(response, status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', ...headers }, html);
}

export function sendEmpty(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  if (!canAnswer(response)) return;
  response.writeHead(status, headers);
  response.end();
}

export function sendRedirect(response: ServerResponse, location: string): void {
  sendEmpty(response, 302, { Location: location, 'Content-Length': '0' });
}

export function sendProblem(response: ServerResponse, problem: GatewayProblem, headers: Readonly<Record<string, string>> = {}): void {
  const retry = problem.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(problem.retryAfterSeconds) };
  send(response, statusOf(problem), { 'Content-Type': 'application/problem+json', ...retry, ...headers }, formatProblem(problem));
}

/** An answer of a coordinator that was read whole, line by line as it came. */
export function sendAnswer(
  response: ServerResponse,
  answer: { readonly status: number; readonly headers: readonly string[]; readonly body: Buffer },
): void {
  if (!canAnswer(response)) return;
  const headers: string[] = [];
  for (let index = 0; index + 1 < answer.headers.length; index += 2) {
    const name = answer.headers[index] as string;
    if (name.toLowerCase() !== 'content-length') headers.push(name, answer.headers[index + 1] as string);
  }
  response.writeHead(answer.status, [...headers, 'Content-Length', String(answer.body.length)]);
  response.end(answer.body);
}
