// What a load through replicas that went has to come to: nobody but those who repeat nothing lost an answer, and nothing ran twice, by
// what the coordinator itself tells.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { user } from '../clients/clients.ts';
import type { Balancer } from './balancer.ts';
import type { GatewayProcess } from './gateways.ts';
import { loadSessions, type LoadClient, type LoadResult } from './load.ts';

export interface Went {
  /** Where the coordinator's list of queries is to be had. */
  readonly coordinatorUrl: string;
  readonly balancer: Balancer;
  readonly gone: GatewayProcess;
  readonly other: GatewayProcess;
  readonly isKill: boolean;
  /** Statements of each session. */
  readonly steps: number;
}

interface RanQuery {
  readonly query: string;
  readonly errorCode?: { readonly name: string; readonly type: string };
}

/** Of hundred statements, what Trino may fail by itself: two hundred queries at once are much for it where others use the machine too. */
const maxFailedByTrino = 5;

/** The CLI does not tell which of its statements it was. */
const isTrinosOwn = /too many errors talking to a worker node|has not been accessed since/;
/** These two do not repeat what broke off: each may lose what is in flight at the replica that goes. */
const notRepeating: readonly LoadClient[] = ['javascript', 'go'];

/** Statements that clients have had run since the coordinator started: Trino lists a query from its first poll on. */
export async function ranStatements(coordinatorUrl: string): Promise<readonly RanQuery[]> {
  const listed = await fetch(`${coordinatorUrl}/v1/query`, { headers: { 'X-Trino-User': user } });
  return ((await listed.json()) as readonly RanQuery[]).filter(({ query }) => query.includes('load-'));
}

export async function judgeLoad(t: TestContext, { failures, successes }: LoadResult, went: Went): Promise<void> {
  const { coordinatorUrl, balancer, gone, other, isKill, steps } = went;
  const counts = new Map<string, number>();
  const failedByTrino = new Set<string>();
  for (const { query, errorCode } of await ranStatements(coordinatorUrl)) {
    counts.set(query, (counts.get(query) ?? 0) + 1);
    // What a gateway does to a query is a user's error there: cancelled, or abandoned.
    if (errorCode?.type === 'INTERNAL_ERROR') failedByTrino.add(query);
  }
  const twice = [...counts].filter(([, count]) => count > 1);
  t.diagnostic(`${successes.length} of ${loadSessions * steps} statements succeeded, ${counts.size} ran, ${twice.length} of them twice`);
  for (const [client, list = []] of Object.entries(Object.groupBy(failures, (failure) => failure.client))) {
    t.diagnostic(`${client}: ${list.length} failed; ${[...new Set(list.map(({ error }) => error.slice(0, 160)))].slice(0, 3).join(' | ')}`);
  }
  for (const gateway of [gone, other]) t.diagnostic(gateway.describe());
  assert.deepEqual(twice, [], 'statements that ran twice');
  for (const text of successes) assert.equal(counts.get(text), 1, text);
  const ours = failures.filter(({ text, error }) => !failedByTrino.has(text) && !isTrinosOwn.test(error));
  t.diagnostic(`${failures.length - ours.length} of the failures are Trino's own, for want of processors`);
  assert.ok(failures.length - ours.length <= (maxFailedByTrino * loadSessions * steps) / 100);
  assert.deepEqual(
    ours.filter(({ client }) => !isKill || !notRepeating.includes(client)),
    [],
  );
  // A session whose statement was lost goes on with its next one. In the same moment the replica's other connections break one by one, and
  // the Go client may take one of those, which another session left: that statement is lost too, and only if it was sent there.
  const sentThere = balancer.unanswered(gone.url);
  const further = Object.values(Object.groupBy(ours, ({ session }) => session)).flatMap((list = []) => list.slice(1));
  if (isKill)
    t.diagnostic(`${sentThere.length} requests were in flight at the replica that went; ${further.length} sessions lost two answers`);
  assert.deepEqual(
    further.filter(({ text }) => !sentThere.some((request) => request.startsWith('POST ') && request.includes(text))),
    [],
    'lost, and not in flight at the replica that went',
  );
  assert.equal((await gone.ended).code, isKill ? null : 0);
}
