// Every error that the gateway itself gives, as the stock Python and Go clients tell it to the program that uses them: by its own
// class and name, with its message, and once (they repeat nothing). The pages are the gateway's; a stand-in gives them on order.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { formatErrorPage, formatQueuedPage, trinoErrors, type TrinoErrorName } from '#trino/protocol/synthetic-page.ts';
import { createClients } from './clients/clients.ts';

const clients = await createClients();
const id = '20260101_000000_00000_0gwab';
let asked: string[] = [];
/** What the next statement comes to. */
let failing: TrinoErrorName = 'NOT_FOUND';

const standIn = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  request.resume();
  const origin = `http://${request.headers.host}`;
  const input = { id, origin, elapsedMs: 5 };
  const page =
    request.method === 'POST'
      ? formatQueuedPage({ ...input, nextUri: `${origin}/v1/statement/queued/${id}/slug/0` })
      : formatErrorPage({ ...input, failure: { name: failing, message: `this is ${failing}` } });
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(page);
});
standIn.listen(0, '127.0.0.1');
await once(standIn, 'listening');
after(() => standIn.close());
const url = `http://localhost:${(standIn.address() as AddressInfo).port}`;

/** Of trino.exceptions; all other types have none of their own. */
const pythonClasses: Readonly<Record<string, string>> = { USER_ERROR: 'TrinoUserError', EXTERNAL: 'TrinoExternalError' };

for (const [name, { type }] of Object.entries(trinoErrors) as [TrinoErrorName, (typeof trinoErrors)[TrinoErrorName]][]) {
  test(`${name} is told by Python and by Go [row 86]`, async () => {
    failing = name;
    for (const client of ['python', 'go'] as const) {
      asked = [];
      const { code, notes } = await clients.query(client, url, 'SELECT 1');
      assert.equal(code, 1, notes);
      assert.match(notes, new RegExp(`this is ${name}`));
      const told =
        client === 'go' ? new RegExp(`${type}|${name}`) : new RegExp(`${pythonClasses[type] ?? 'TrinoQueryError'}: .*name=${name}`);
      assert.match(notes, told);
      assert.deepEqual(asked.map((line) => line.split(' ')[0]).slice(0, 2), ['POST', 'GET']);
      assert.equal(asked.filter((line) => line.startsWith('POST')).length, 1);
    }
  });
}
