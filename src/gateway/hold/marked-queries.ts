// Finds the query that a held statement has become at whichever replica handed it over, by the held id that travels in it as
// trace token or client tag (design D4). Only for cancels and aliases of ids that this replica does not know; with the asker's
// own credentials, so that it sees and ends nothing that Trino would not let it. Shell.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { formatLines, upstreamHeaders, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import type { Log } from '#observe/log.ts';
import type { CoordinatorClient } from '../upstream/coordinator-client.ts';
import { UpstreamError } from '../upstream/coordinator-request.ts';

export interface Asker {
  readonly headers: HeaderPairs;
  readonly forwarded: ForwardedFor;
}

export interface MarkedQueries {
  /** Id of the query at a coordinator of this runtime; undefined also when it has not begun, since Trino lists none such. */
  find(entry: RouteEntry | undefined, heldId: string, asker: Asker): Promise<string | undefined>;
  /** Cancels it wherever it runs; what cannot be done is logged. */
  cancel(entry: RouteEntry | undefined, heldId: string, asker: Asker): Promise<void>;
}

const timeoutMs = 10_000;
/** About 2 KiB per query and the text of each; a busy coordinator keeps some thousand. */
const maxListBytes = 8 * 1024 * 1024;
/** Each may cost a list of that size. More at once are not made: ids can be asked for at will. */
const maxAtOnce = 8;

interface Listed {
  readonly queryId?: unknown;
  readonly session?: { readonly traceToken?: unknown; readonly clientTags?: unknown };
}

/** Pure. `list`: the answer to GET /v1/query (Trino 483: BasicQueryInfo). */
export function findMarked(list: unknown, heldId: string): string | undefined {
  if (!Array.isArray(list)) return undefined;
  const marked = (list as readonly Listed[]).find(({ session }) => {
    const { traceToken, clientTags } = session ?? {};
    return traceToken === heldId || (Array.isArray(clientTags) && clientTags.includes(heldId));
  });
  return typeof marked?.queryId === 'string' ? marked.queryId : undefined;
}

export function createMarkedQueries(client: CoordinatorClient, log: Log): MarkedQueries {
  let underWay = 0;

  async function ask(baseUrl: string, method: string, path: string, { headers, forwarded }: Asker): Promise<string | undefined> {
    const { status, body } = await client.exchange({
      baseUrl,
      method,
      path,
      // Of a DELETE or a page's GET: it is the list that is asked for, and it is read here.
      lines: formatLines(
        upstreamHeaders(
          headers.filter(([name]) => !['accept', 'accept-encoding', 'content-type'].includes(name.toLowerCase())),
          forwarded,
        ),
      ),
      signal: AbortSignal.timeout(timeoutMs),
      headTimeoutMs: timeoutMs,
      maxAnswerBytes: maxListBytes,
    });
    return status < 300 ? body.toString() : undefined;
  }

  async function look(entry: RouteEntry | undefined, heldId: string, asker: Asker): Promise<{ url: string; realId: string } | undefined> {
    const urls = [entry?.coordinatorUrl, ...(entry?.retiring ?? []).map(({ coordinatorUrl }) => coordinatorUrl)];
    for (const url of urls) {
      if (url === undefined || underWay >= maxAtOnce) continue;
      underWay += 1;
      try {
        const list = await ask(url, 'GET', '/v1/query', asker);
        const realId = list === undefined ? undefined : findMarked(JSON.parse(list), heldId);
        if (realId !== undefined) return { url, realId };
      } catch (error) {
        if (!(error instanceof UpstreamError || error instanceof SyntaxError)) throw error;
        log.warn('a coordinator could not be asked for the query of a held statement', { id: heldId, coordinator: url, error });
      } finally {
        underWay -= 1;
      }
    }
    return undefined;
  }

  return {
    find: async (entry, heldId, asker) => (await look(entry, heldId, asker))?.realId,
    async cancel(entry, heldId, asker) {
      const found = await look(entry, heldId, asker);
      if (found === undefined) return;
      const { url, realId } = found;
      try {
        const done = await ask(url, 'DELETE', `/v1/query/${realId}`, asker);
        if (done === undefined) log.warn('a cancelled query may still run: its coordinator refused', { id: heldId, queryId: realId });
        else log.info('cancelled a query that another gateway handed over', { id: heldId, queryId: realId });
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        log.warn('a cancelled query may still run', { id: heldId, queryId: realId, error });
      }
    },
  };
}
