// What the tests ask and expect again and again.
import assert from 'node:assert/strict';
import { clientNames, type Answer, type ClientName, type Clients } from '../clients/clients.ts';
import type { Traffic } from './tap.ts';

export const countLines = 'SELECT count(*) FROM tpch.tiny.lineitem';

/** Exit code 0, nothing on the error output that speaks of an error, the one row. */
export function assertCounted(answer: Answer): void {
  assert.equal(answer.code, 0, `${answer.client}: ${answer.notes}`);
  assert.deepEqual(answer.rows, [['60175']], `${answer.client}: ${answer.out}${answer.notes}`);
}

/** So many statements, none sent again, and no answer that a client would have to bear. When they came (performance.now()). */
export function assertAskedOnce({ requests, statuses }: Traffic, count: number): readonly number[] {
  const statements = requests.filter(({ line }) => line === 'POST /v1/statement');
  assert.equal(statements.length, count, 'statements that were sent');
  assert.deepEqual([...new Set(statuses)], [200], 'statuses of the answers');
  return statements.map(({ at }) => at);
}

/** `count` clients, all five kinds in turn. */
export function mixed(count: number): readonly ClientName[] {
  return Array.from({ length: count }, (_, index) => clientNames[index % clientNames.length] as ClientName);
}

export function askMixed(clients: Clients, server: string, count: number): Promise<readonly Answer[]> {
  return Promise.all(mixed(count).map((name) => clients.query(name, server, countLines)));
}
