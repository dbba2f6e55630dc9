// Submits a statement to a coordinator that takes queries. Submitting only registers it: Trino runs a query on the client's
// first GET, so a registration that nobody follows never runs (trino-protocol 1.2, 7.5). Shell.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import { familyOf, headerOf, upstreamHeaders, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import { UpstreamError, type CoordinatorClient, type SmallAnswer } from '../upstream/coordinator-client.ts';

export interface Submission {
  readonly headers: HeaderPairs;
  readonly body: Buffer;
  readonly forwarded: ForwardedFor;
  readonly authorization?: string;
  /** Held id, put into the trace token where the client left it empty, so that both ids can be found together. */
  readonly heldId?: string;
}

export type SubmissionResult =
  | { readonly result: 'answered'; readonly answer: SmallAnswer; readonly realId: string | undefined; readonly nextUri: string | undefined }
  /** Nothing was registered, or what was registered will never run: wait and submit again. */
  | { readonly result: 'not-now'; readonly why: string }
  | { readonly result: 'failed'; readonly failure: TrinoFailure };

/** Trino answers a POST at once; longer means that the coordinator stalls. */
const headTimeoutMs = 20_000;

function pageOf(answer: SmallAnswer): { readonly id?: string; readonly nextUri?: string } {
  try {
    return JSON.parse(answer.body.toString('utf8')) as { id?: string; nextUri?: string };
  } catch {
    // Not a page: relayed as it is, there is nothing to learn from it.
    return {};
  }
}

function headersOf(submission: Submission): string[] {
  const { headers, authorization, heldId } = submission;
  const fresh = authorization === undefined ? headers : headers.map(([name, value]) => [name, name.toLowerCase() === 'authorization' ? authorization : value] as const);
  // The small answer is read here, so it must not be compressed.
  const plain = fresh.filter(([name]) => name.toLowerCase() !== 'accept-encoding');
  const family = familyOf(headers);
  const trace = family === undefined ? undefined : `X-${family === 'trino' ? 'Trino' : 'Presto'}-Trace-Token`;
  const isTraced = trace === undefined || headerOf(headers, trace.toLowerCase()) !== undefined;
  const extra: HeaderPairs = heldId === undefined || isTraced ? [] : [[trace, heldId]];
  return [...upstreamHeaders([...plain, ...extra], submission.forwarded), 'Accept-Encoding', 'identity'];
}

export async function submitStatement(client: CoordinatorClient, entry: RouteEntry, submission: Submission, signal: AbortSignal): Promise<SubmissionResult> {
  if (entry.coordinatorUrl === undefined) return { result: 'not-now', why: 'there is no coordinator yet' };
  let answer: SmallAnswer;
  try {
    answer = await client.exchange({
      baseUrl: entry.coordinatorUrl,
      method: 'POST',
      path: '/v1/statement',
      headers: headersOf(submission),
      body: submission.body,
      signal,
      headTimeoutMs,
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { result: 'not-now', why: error.message };
  }
  if (answer.status >= 502 && answer.status <= 504) return { result: 'not-now', why: `the coordinator answered HTTP ${answer.status}` };
  if (answer.status === 406) {
    return { result: 'failed', failure: { name: 'GENERIC_INTERNAL_ERROR', message: `${entry.namespace}/${entry.name} refuses forwarded requests: its Trino lacks http-server.process-forwarded=true` } };
  }
  const { id, nextUri } = pageOf(answer);
  return { result: 'answered', answer, realId: id, nextUri };
}
