// Submits a statement to a coordinator that takes queries. Submitting only registers it: Trino runs a query on the client's
// first GET, so a registration that nobody follows never runs (trino-protocol 1.2, 7.5). Shell.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { familyOf, formatLines, headerOf, upstreamHeaders, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import { parseFirstPage } from '#trino/protocol/first-page.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import { challengesBelow } from '../below-prefix.ts';
import type { CoordinatorClient, SmallAnswer } from '../upstream/coordinator-client.ts';
import { UpstreamError } from '../upstream/coordinator-request.ts';
import type { Outcome } from './held-statement.ts';

export interface Submission {
  readonly headers: HeaderPairs;
  readonly body: Buffer;
  readonly forwarded: ForwardedFor;
  /** Scheme and authority that the coordinator's URIs must name. */
  readonly origin: string;
  readonly authorization?: string;
  /** The mark by which any gateway finds the query: trace token where the client left it empty, else one more client tag. */
  readonly heldId?: string;
}

export type SubmissionResult =
  | { readonly result: 'accepted'; readonly outcome: Outcome }
  /** 401 with its challenge, 400, 403 ...: the client's own matter, relayed as it is. */
  | { readonly result: 'refused'; readonly outcome: Outcome }
  /** Nothing was registered, or what was registered will never run: wait and submit again. */
  | { readonly result: 'not-now'; readonly why: string }
  | { readonly result: 'failed'; readonly failure: TrinoFailure };

/** Trino answers a POST at once; longer means that the coordinator stalls. */
const headTimeoutMs = 20_000;
/** Never Trino's own answers to a statement (trino-protocol 1.6): whatever stands in front of it does not reach it now. */
const notNow = new Set([408, 429, 502, 503, 504]);

/** Trino reads the first line of either header only; a further tag takes a query out of no resource group. Pure. */
function markOf(headers: HeaderPairs, heldId: string): [string, string] {
  const family = familyOf(headers) === 'presto' ? 'Presto' : 'Trino';
  const isTraced = (headerOf(headers, `x-${family.toLowerCase()}-trace-token`) ?? '') !== '';
  if (!isTraced) return [`X-${family}-Trace-Token`, heldId];
  const tags = headerOf(headers, `x-${family.toLowerCase()}-client-tags`) ?? '';
  return [`X-${family}-Client-Tags`, tags === '' ? heldId : `${tags},${heldId}`];
}

function linesOf(submission: Submission): string {
  const { headers, authorization, heldId } = submission;
  const ours = heldId === undefined ? [] : [markOf(headers, heldId)];
  if (authorization !== undefined) ours.push(['Authorization', authorization]);
  const replaced = new Set(ours.map(([name]) => name.toLowerCase()));
  // The small answer is read here, so it must not be compressed.
  const own = headers.filter(([name]) => name.toLowerCase() !== 'accept-encoding' && !replaced.has(name.toLowerCase()));
  return `${formatLines(upstreamHeaders([...own, ...ours], submission.forwarded))}Accept-Encoding: identity\r\n`;
}

function broken(message: string): SubmissionResult {
  return { result: 'failed', failure: { name: 'GENERIC_INTERNAL_ERROR', message } };
}

/** What the coordinator's answer means. Pure. */
export function judgeAnswer(
  entry: RouteEntry,
  submission: Pick<Submission, 'origin' | 'forwarded'>,
  answer: SmallAnswer,
): SubmissionResult {
  const name = `${entry.namespace}/${entry.name}`;
  const { status } = answer;
  if (notNow.has(status)) return { result: 'not-now', why: `the coordinator answered HTTP ${status}` };
  if (status === 406) return broken(`runtime ${name} refuses forwarded requests: its Trino lacks http-server.process-forwarded=true`);
  if (status !== 200 && status < 400)
    return broken(`runtime ${name} answered the statement with HTTP ${status}: its address does not lead to a Trino coordinator`);
  const coordinatorUrl = entry.coordinatorUrl ?? '';
  if (status !== 200) {
    const headers = challengesBelow(submission.forwarded, answer.headers);
    return { result: 'refused', outcome: { answer: { ...answer, headers }, realId: undefined, nextUri: undefined, coordinatorUrl } };
  }
  const page = parseFirstPage(answer.body);
  if (page === undefined) return broken(`runtime ${name} answered the statement with something that is no Trino page`);
  if (page.errorName === 'SERVER_STARTING_UP') return { result: 'not-now', why: 'the coordinator is still starting' };
  const { id, nextUri } = page;
  // A client that followed it would leave the gateway, and its query would run on when the gateway thinks nobody asks.
  if (
    nextUri !== undefined &&
    !nextUri.startsWith(`${submission.origin}/`) &&
    new URL(nextUri).origin !== new URL(submission.origin).origin
  ) {
    return broken(
      `runtime ${name} answers with addresses of its own (${new URL(nextUri).origin} instead of ${submission.origin}): its Trino does not heed X-Forwarded-Host`,
    );
  }
  return { result: 'accepted', outcome: { answer, realId: id, nextUri, coordinatorUrl } };
}

export async function submitStatement(
  client: CoordinatorClient,
  entry: RouteEntry,
  submission: Submission,
  signal: AbortSignal,
): Promise<SubmissionResult> {
  if (entry.coordinatorUrl === undefined) return { result: 'not-now', why: 'there is no coordinator yet' };
  try {
    const answer = await client.exchange({
      baseUrl: entry.coordinatorUrl,
      method: 'POST',
      path: '/v1/statement',
      lines: linesOf(submission),
      body: submission.body,
      signal,
      headTimeoutMs,
    });
    return judgeAnswer(entry, submission, answer);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { result: 'not-now', why: error.message };
  }
}
