// What the operator asks a coordinator: does a query run, what runs on it. Shell: plain HTTP to a Pod address.
// Sources: trino-configuration-and-chart 5.8, trino-protocol 1.
import { request } from 'node:http';
import { controlUser, readProofPage, StatementFailedError, type ProofPage } from '#trino/protocol/proof.ts';
import type { Activity } from '../snapshot.ts';

/** What the operator asks of coordinators; a parameter, so that thousands of them can be pretended. */
export interface Coordinators {
  /**
   * Runs one statement until its first rows; the id of the query. Rejects with Trino's message when it failed. `timeoutMs` bounds
   * the whole.
   */
  runStatement(url: string, statement: string, timeoutMs: number, signal: AbortSignal): Promise<string>;
  /** Rejects when the coordinator does not answer. */
  readActivity(url: string, nowMs: number, signal: AbortSignal): Promise<Activity>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const askTimeoutMs = 5_000;
const maxAnswerBytes = 16 * 1024 * 1024;
/** Trino answers every page within a second, also of a query that waits: a connection that is silent for so long is dead. */
const answerMs = 10_000;

/** Undefined for what is not JSON; Trino never answers a bare null. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One JSON call; rejects on refusal, reset, time-out (ms) and anything that is not JSON. */
function call(url: string, method: 'GET' | 'POST', timeoutMs: number, signal: AbortSignal, statement?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'X-Trino-User': controlUser,
      'X-Trino-Source': controlUser,
      ...(statement === undefined ? {} : { 'Content-Type': 'text/plain; charset=utf-8' }),
    };
    const outgoing = request(url, { method, headers, signal, timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const body = parseJson(Buffer.concat(chunks).toString('utf8'));
        if (body === undefined) reject(new Error(`HTTP ${response.statusCode} without JSON`));
        else resolve({ status: response.statusCode ?? 0, body });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(statement);
  });
}

interface Statement {
  readonly url: string;
  readonly text: string;
  /** Of the whole, and of each answer. */
  readonly timeoutMs: number;
  readonly answerWithinMs: number;
  readonly signal: AbortSignal;
}

/** What is left of the query after its rows is read to the end without anybody waiting for it. */
async function runStatement({ url, text, timeoutMs, answerWithinMs, signal }: Statement): Promise<ProofPage> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const ask = async (method: 'GET' | 'POST', uri: string, statement?: string): Promise<ProofPage> => {
    const { status, body } = await call(uri, method, answerWithinMs, bounded, statement);
    return readProofPage(status, body);
  };
  let page = await ask('POST', `${url}/v1/statement`, text);
  while (page.rows.length === 0 && page.nextUri !== undefined) page = await ask('GET', page.nextUri);
  const finish = async (): Promise<void> => {
    for (let rest = page; rest.nextUri !== undefined;) rest = await ask('GET', rest.nextUri);
  };
  // Its rows have come: a break after them is nobody's matter, Trino gives the query up by itself.
  finish().catch(() => undefined);
  return page;
}

interface QueryInfo {
  readonly state?: string;
  readonly session?: { readonly user?: string };
  readonly queryStats?: { readonly endTime?: string };
}

const ended = new Set(['FINISHED', 'FAILED', 'CANCELED', 'CANCELLED']);

const openTransactions = 'SELECT count(*) FROM system.runtime.transactions WHERE NOT auto_commit_context';

async function countOpenTransactions(url: string, signal: AbortSignal): Promise<number> {
  try {
    const { rows } = await runStatement({ url, text: openTransactions, timeoutMs: askTimeoutMs, answerWithinMs: askTimeoutMs, signal });
    return Number(rows[0]?.[0] ?? 0);
  } catch (error) {
    // A Trino whose access control hides them from us shall still be able to sleep.
    if (error instanceof StatementFailedError && error.errorName === 'PERMISSION_DENIED') return 0;
    throw error;
  }
}

/** Queries and transactions of users. A query without a state counts as active; while one is, transactions are not asked for. */
async function readActivity(url: string, nowMs: number, signal: AbortSignal): Promise<Activity> {
  const { status, body } = await call(`${url}/v1/query?pruned=true`, 'GET', askTimeoutMs, signal);
  if (status !== 200 || !Array.isArray(body)) throw new Error(`HTTP ${status} for the list of queries`);
  const queries = (body as QueryInfo[]).filter(({ session }) => session?.user !== controlUser);
  const ends = queries.map(({ queryStats }) => Date.parse(queryStats?.endTime ?? '')).filter((at) => !Number.isNaN(at));
  const activeQueries = queries.filter(({ state }) => state === undefined || !ended.has(state)).length;
  return {
    activeQueries,
    openTransactions: activeQueries > 0 ? 0 : await countOpenTransactions(url, signal),
    lastEndedAt: ends.length === 0 ? undefined : Math.min(Math.max(...ends), nowMs),
  };
}

export function createHttpCoordinators({ answerWithinMs = answerMs }: { readonly answerWithinMs?: number } = {}): Coordinators {
  return {
    runStatement: async (url, text, timeoutMs, signal) => (await runStatement({ url, text, timeoutMs, answerWithinMs, signal })).id,
    readActivity,
  };
}
