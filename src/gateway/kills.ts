// A statement that kills another query by its id goes to the coordinator that runs that query, whichever runtime the client has
// chosen; one that names a statement that waits here ends that one. It never wakes a runtime (trino-protocol 7.3 point 5).
import { parseKillQuery, type KillQuery } from '#trino/protocol/kill-query.ts';
import { familyOf, headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';
import { isHeldId } from '#trino/protocol/query-id.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import { notAllowed } from './admit/allowed-forward.ts';
import type { MayUse } from './admit/access.ts';
import type { Aliases } from './aliases.ts';
import type { RequestContext } from './context.ts';
import { submitStatement } from './hold/hand-over.ts';
import { isPending, type HeldStatement, type Outcome } from './hold/held-statement.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import type { Submitter } from './hold/submitter.ts';
import type { KnownCoordinators } from './routing/known-coordinators.ts';
import { addressedTo, chooseRequestRoute } from './routing/request-route.ts';
import { isProblem, type RouteTable } from './routing/route-table.ts';
import type { CoordinatorClient } from './upstream/coordinator-client.ts';

export interface KillsInit {
  readonly mayUse: MayUse;
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly aliases: Aliases;
  readonly submitter: Pick<Submitter, 'cancel'>;
  readonly known: KnownCoordinators;
  readonly client: CoordinatorClient;
}

/** What became of a call: what its coordinator said, why it failed, or that it is done. */
export type Killed = Outcome | TrinoFailure | 'call-done';

export interface Kills {
  /** Undefined when the statement is an ordinary one. */
  take(context: RequestContext, user: string, body: Buffer): Promise<Killed | undefined>;
}

/** No call that names a query is longer; others are not looked at. */
const maxCallBytes = 8 * 1024;

/** One byte is one character, so that positions are those of the bytes. What has a meaning in SQL is ASCII. */
function read(body: Buffer, headers: HeaderPairs): KillQuery | undefined {
  if (body.length > maxCallBytes) return undefined;
  const family = familyOf(headers) ?? 'trino';
  const session = { catalog: headerOf(headers, `x-${family}-catalog`), schema: headerOf(headers, `x-${family}-schema`) };
  return parseKillQuery(body.toString('latin1'), session);
}

/** The statement with another id in the place of the first one; every other byte as it was. */
function withId(body: Buffer, { start, end }: KillQuery, id: string): Buffer {
  return Buffer.concat([body.subarray(0, start), Buffer.from(id), body.subarray(end)]);
}

/** Trino 483's own words. */
function notFound(id: string): Killed {
  return { name: 'NOT_FOUND', message: `Target query not found: ${id}` };
}

/**
 * Ids can be guessed, and nobody has checked the credentials of a statement that waits: only who shows the very same ones may end
 * it by its id, as its POST had them or its newest poll.
 */
function isOwner(held: HeldStatement, user: string, headers: HeaderPairs): boolean {
  const shown = headerOf(headers, 'authorization');
  const known = [headerOf(held.headers, 'authorization'), ...(held.freshAuthorization === undefined ? [] : [held.freshAuthorization])];
  return held.subject.user === user && known.includes(shown);
}

function killHeld({ queue, submitter }: KillsInit, kill: KillQuery, user: string, headers: HeaderPairs): Killed {
  const { queryId } = kill;
  const held = queue.find(queryId);
  if (held === undefined) return notFound(queryId);
  if (!isOwner(held, user, headers)) {
    const message = `Access Denied: Cannot kill query ${queryId}: while it waits for its runtime, only the user who sent it may`;
    return { name: 'PERMISSION_DENIED', message };
  }
  if (!isPending(held) && held.state !== 'REFUSED') return { name: 'NOT_SUPPORTED', message: `Target query is not running: ${queryId}` };
  const message = Buffer.from(kill.message ?? '', 'latin1').toString();
  held.failure = {
    name: 'ADMINISTRATIVELY_KILLED',
    message: message === '' ? 'Query killed. No message provided.' : `Query killed. Message: ${message}`,
  };
  submitter.cancel(held);
  return 'call-done';
}

export function createKills(init: KillsInit): Kills {
  const { table, mayUse, aliases, known, client } = init;
  return {
    async take(context, user, body) {
      const { headers } = context;
      const kill = read(body, headers);
      if (kill === undefined) return undefined;
      const { forwarded, origin, gone } = context;
      const realId = isHeldId(kill.queryId) ? (await aliases.resolve(context, kill.queryId))?.realId : undefined;
      if (realId === undefined && isHeldId(kill.queryId)) return killHeld(init, kill, user, headers);
      const target = realId ?? kill.queryId;
      const { runtime, entry } = known.ownerOf(target) ?? {};
      if (runtime === undefined) {
        const route = chooseRequestRoute(table(), context);
        // Where a Trino runs, it says itself that it does not know the query.
        return isProblem(route) || route.state === 'RUNNING' ? undefined : notFound(target);
      }
      if (entry === undefined) return notFound(target);
      if (!mayUse(context.identity, entry)) return { name: 'PERMISSION_DENIED', message: notAllowed(context.identity, entry).detail };
      const submission = {
        headers,
        forwarded: addressedTo(table(), forwarded, entry),
        origin,
        body: realId === undefined ? body : withId(body, kill, realId),
      };
      const done = await submitStatement(client, entry, submission, gone);
      if (done.result === 'failed') return done.failure;
      if (done.result === 'not-now') {
        const message = `query ${target} cannot be killed now: runtime ${runtime} does not answer (${done.why}). Try again`;
        return { name: 'REMOTE_HOST_GONE', message };
      }
      if (done.outcome.realId !== undefined) known.learnAnswer(done.outcome.realId, entry);
      return done.outcome;
    },
  };
}
