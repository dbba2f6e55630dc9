// One statement through the gateway, from POST to the last page, as a Trino client does it: POST once and never again, poll
// nextUri, repeat a poll that got no answer, cancel with DELETE. Source: spec of the Trino client protocol (REST v1).
import { request } from 'undici';
import { fullJitterMs } from '#core/backoff.ts';
import type { Clock } from '#core/clock.ts';
import { CliError } from './io.ts';

export interface StatementInit {
  /** Base URL of the gateway. */
  readonly server: string;
  readonly sql: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface Column {
  readonly name: string;
  readonly type: string;
}

export interface TrinoError {
  readonly message: string;
  readonly errorName?: string;
  readonly errorType?: string;
}

export interface Page {
  readonly id: string;
  readonly nextUri?: string;
  readonly columns?: readonly Column[];
  readonly data?: readonly (readonly unknown[])[];
  readonly stats?: {
    readonly state?: string;
    readonly queuedTimeMillis?: number;
    readonly elapsedTimeMillis?: number;
    readonly completedSplits?: number;
    readonly totalSplits?: number;
    readonly progressPercentage?: number;
  };
  readonly error?: TrinoError;
  readonly updateType?: string;
  readonly updateCount?: number;
}

/** A poll is held at most a second by Trino and somewhat longer by a gateway: this is a dead connection. */
const pollTimeoutMs = 60_000;
/** A gateway replica that was killed is replaced well within this. */
const patienceMs = 120_000;
const backoff = { baseMs: 100, maxMs: 5_000 };
const cancelTimeoutMs = 5_000;

/**
 * Pages until the last one. Throws CliError: exit code 1 for a failed query (with Trino's message), 130 when `signal`
 * aborted, after the query was cancelled.
 */
export async function* runStatement(init: StatementInit): AsyncGenerator<Page> {
  let page = await post(init);
  for (;;) {
    if (page.error !== undefined) throw new CliError(failureText(page.id, page.error));
    try {
      yield page;
    } finally {
      // Also when the reader of the pages stops early.
      if (init.signal.aborted) await cancel(page.nextUri);
    }
    if (init.signal.aborted) throw new CliError(`query ${page.id} cancelled`, 130);
    if (page.nextUri === undefined) return;
    page = await poll(page.id, page.nextUri, init);
  }
}

function failureText(id: string, error: TrinoError): string {
  return `query ${id} failed: ${error.message}${error.errorName === undefined ? '' : ` (${error.errorName})`}`;
}

async function post(init: StatementInit): Promise<Page> {
  const url = new URL('/v1/statement', init.server);
  let answer;
  try {
    answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8', ...init.headers },
      body: init.sql,
      signal: init.signal,
      headersTimeout: pollTimeoutMs,
    });
  } catch (error) {
    if (init.signal.aborted) throw new CliError('cancelled before the query was accepted', 130, error);
    throw new CliError(
      `no answer from ${url.origin}: ${causeOf(error)}. Is the gateway running? (xtrinode up; another one: --server URL)`,
      1,
      error,
    );
  }
  const text = await answer.body.text();
  if (answer.statusCode === 200) return parsePage(text);
  throw new CliError(refusalText(answer.statusCode, text, url.origin));
}

async function poll(id: string, nextUri: string, init: StatementInit): Promise<Page> {
  const giveUpAt = init.clock.now() + patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    let waitMs = fullJitterMs(backoff, attempt, init.random);
    let problem: string;
    try {
      const answer = await request(nextUri, {
        headers: init.headers,
        signal: init.signal,
        headersTimeout: pollTimeoutMs,
        bodyTimeout: pollTimeoutMs,
      });
      const text = await answer.body.text();
      if (answer.statusCode === 200) return parsePage(text);
      problem = refusalText(answer.statusCode, text, new URL(nextUri).origin);
      // The same page may be asked for again while the client has not moved past it; other answers are final.
      if (![429, 502, 503, 504].includes(answer.statusCode)) throw new CliError(`query ${id} was lost: ${problem}`);
      const seconds = Number(answer.headers['retry-after']);
      if (Number.isFinite(seconds)) waitMs = Math.max(waitMs, seconds * 1000);
    } catch (error) {
      if (error instanceof CliError) throw error;
      if (init.signal.aborted) {
        await cancel(nextUri);
        throw new CliError(`query ${id} cancelled`, 130, error);
      }
      problem = causeOf(error);
    }
    if (init.clock.now() + waitMs > giveUpAt) throw new CliError(`query ${id} was lost: ${problem}`);
    await new Promise<void>((resolve) => void init.clock.after(waitMs, resolve));
  }
}

/** Throws nothing: the query ends by itself when nobody polls it. */
async function cancel(nextUri: string | undefined): Promise<void> {
  if (nextUri === undefined) return;
  await request(nextUri, { method: 'DELETE', headersTimeout: cancelTimeoutMs }).then(
    (answer) => answer.body.dump(),
    () => undefined,
  );
}

function causeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}

/** An integer beyond 2^53 keeps its digits as a bigint. Throws CliError for what is no page. Pure. */
export function parsePage(text: string): Page {
  let page: unknown;
  try {
    page = (JSON.parse as JsonParse)(text, (_key, value, context) => {
      const isInexact =
        typeof value === 'number' && !Number.isSafeInteger(value) && context.source !== undefined && /^-?\d+$/.test(context.source);
      return isInexact ? BigInt(context.source ?? '0') : value;
    });
  } catch (error) {
    throw new CliError('the answer is not a Trino page: is that the address of a gateway?', 1, error);
  }
  if (typeof page !== 'object' || page === null || !('id' in page))
    throw new CliError('the answer is not a Trino page: is that the address of a gateway?');
  return page as Page;
}

/** JSON.parse with source text access (ES proposal, in Node since 21), which the compiler's library does not know yet. */
type JsonParse = (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;

/** problem+json carries `detail`; coordinators answer plain text. Pure. */
export function refusalText(code: number, body: string, server: string): string {
  const said = detailOf(body);
  if (code === 401) return `${server} wants a login, which this command does not offer yet${said === '' ? '' : `: ${said}`}`;
  return `${server} answered ${code}${said === '' ? '' : `: ${said}`}`;
}

function detailOf(body: string): string {
  if (!body.startsWith('{')) return body.startsWith('<') ? '' : body.replace(/\s+/g, ' ').trim().slice(0, 300);
  try {
    const problem: unknown = JSON.parse(body);
    if (typeof problem !== 'object' || problem === null) return '';
    const { detail, title } = problem as { readonly detail?: unknown; readonly title?: unknown };
    return typeof detail === 'string' ? detail : typeof title === 'string' ? title : '';
  } catch (error) {
    if (error instanceof SyntaxError) return body.slice(0, 300);
    throw error;
  }
}
