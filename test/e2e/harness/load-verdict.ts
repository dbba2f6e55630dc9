// What a load through replicas that went has to come to: nobody but those who repeat nothing lost an answer, and nothing ran twice, by
// what the coordinator itself tells.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { user } from '../clients/clients.ts';
import type { GatewayProcess } from './gateways.ts';
import { loadSessions, type LoadClient, type LoadResult } from './load.ts';

export interface Went {
  /** Where the coordinator's list of queries is to be had. */
  readonly coordinatorUrl: string;
  readonly gone: GatewayProcess;
  readonly other: GatewayProcess;
  readonly isKill: boolean;
  /** Statements of each session. */
  readonly steps: number;
}

interface RanQuery {
  readonly query: string;
}

/** These two do not repeat what broke off: each may lose the one answer that it waits for. */
const notRepeating: readonly LoadClient[] = ['javascript', 'go'];

/** Statements that clients have had run since the coordinator started: Trino lists a query from its first poll on. */
export async function ranStatements(coordinatorUrl: string): Promise<readonly string[]> {
  const listed = await fetch(`${coordinatorUrl}/v1/query`, { headers: { 'X-Trino-User': user } });
  return ((await listed.json()) as readonly RanQuery[]).map(({ query }) => query).filter((text) => text.includes('load-'));
}

export async function judgeLoad(t: TestContext, { failures, successes }: LoadResult, went: Went): Promise<void> {
  const { coordinatorUrl, gone, other, isKill, steps } = went;
  const counts = new Map<string, number>();
  for (const text of await ranStatements(coordinatorUrl)) counts.set(text, (counts.get(text) ?? 0) + 1);
  const twice = [...counts].filter(([, count]) => count > 1);
  t.diagnostic(`${successes.length} of ${loadSessions * steps} statements succeeded, ${counts.size} ran, ${twice.length} of them twice`);
  for (const [client, list = []] of Object.entries(Object.groupBy(failures, (failure) => failure.client))) {
    t.diagnostic(`${client}: ${list.length} failed; ${[...new Set(list.map(({ error }) => error.slice(0, 160)))].slice(0, 3).join(' | ')}`);
  }
  for (const gateway of [gone, other]) t.diagnostic(gateway.describe());
  assert.deepEqual(twice, [], 'statements that ran twice');
  for (const text of successes) assert.equal(counts.get(text), 1, text);
  const unexpected = failures.filter(({ client }) => !isKill || !notRepeating.includes(client));
  assert.deepEqual(unexpected, []);
  // At most the one in flight of each session: a session whose statement was lost goes on with its next one.
  const lost = failures.map(({ session }) => session);
  assert.equal(new Set(lost).size, lost.length, 'one answer per session');
  assert.equal((await gone.ended).code, isKill ? null : 0);
}
