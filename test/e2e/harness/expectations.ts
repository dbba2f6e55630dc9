// What the tests ask and expect again and again.
import assert from 'node:assert/strict';
import { clientNames, type Answer, type ClientName, type Clients } from '../clients/clients.ts';

export const countLines = 'SELECT count(*) FROM tpch.tiny.lineitem';

/** Exit code 0, nothing on the error output that speaks of an error, the one row. */
export function assertCounted(answer: Answer): void {
  assert.equal(answer.code, 0, `${answer.client}: ${answer.notes}`);
  assert.deepEqual(answer.rows, [['60175']], answer.client);
}

/** `count` clients, all five kinds in turn. */
export function askMixed(clients: Clients, server: string, count: number): Promise<readonly Answer[]> {
  const names = Array.from({ length: count }, (_, index) => clientNames[index % clientNames.length] as ClientName);
  return Promise.all(names.map((name) => clients.query(name, server, countLines)));
}
