import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { aTerminal } from '../../test/fakes/terminal.ts';
import { formatProgress, formatStatement, statementHeaders } from './commands/query.ts';
import { runCli } from './program.ts';
import { refusalText } from './statement.ts';

type Step = (response: ServerResponse, base: string) => void;

/** A gateway that plays the scripted answers in turn and remembers what it was asked. */
async function aGateway(t: TestContext, steps: readonly Step[]) {
  const seen: { line: string; headers: IncomingMessage['headers']; body: string }[] = [];
  let base = '';
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      steps[Math.min(seen.length, steps.length) - 1]?.(response, base);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server: base, seen };
}

const page =
  (fields: object, token?: number): Step =>
  (response, base) =>
    response.end(
      JSON.stringify({
        id: 'q1',
        ...(token === undefined ? {} : { nextUri: `${base}/v1/statement/q1/${token}` }),
        stats: { state: 'QUEUED' },
        ...fields,
      }),
    );
const reset: Step = (response) => void response.destroy();
const columns = [{ name: 'n', type: 'bigint' }];

test('a query waits through queued pages, follows nextUri and prints its rows', async (t) => {
  const { server, seen } = await aGateway(t, [
    page({}, 0),
    page({}, 1),
    page({ columns, data: [[1]] }, 2),
    page({ columns, data: [[22]] }),
  ]);
  const { io, out } = aTerminal({ USER: 'ada' });
  const code = await runCli(['query', 'select 1;', '--server', server, '--runtime', 'sales', '-n', 'team', '--catalog', 'tpch'], io);
  assert.equal(code, 0);
  assert.equal(out(), ' n\n--\n 1\n22\n');
  assert.deepEqual(
    seen.map(({ line }) => line),
    ['POST /v1/statement', 'GET /v1/statement/q1/0', 'GET /v1/statement/q1/1', 'GET /v1/statement/q1/2'],
  );
  const names = ['x-trino-user', 'x-trino-xtrinode', 'x-trino-catalog', 'x-trino-source'];
  assert.deepEqual(
    names.map((name) => seen[0]?.headers[name]),
    ['ada', 'team/sales', 'tpch', 'xtrinode-cli'],
  );
  assert.equal(seen[0]?.body, 'select 1');
});

test('a poll that got no answer, or a gateway that is just going away, is repeated; the rows are whole', async (t) => {
  const busy: Step = (response) => response.writeHead(503, { 'retry-after': '0' }).end();
  const { server, seen } = await aGateway(t, [page({}, 0), reset, busy, page({ columns, data: [[1]] })]);
  const { io, out } = aTerminal({});
  assert.equal(await runCli(['query', 'select 1', '--server', server, '--output', 'csv'], io), 0);
  assert.equal(out(), 'n\r\n1\r\n');
  assert.deepEqual(
    seen.slice(1).map(({ line }) => line),
    Array.from({ length: 3 }, () => 'GET /v1/statement/q1/0'),
  );
});

test('a POST is never repeated', async (t) => {
  const { server, seen } = await aGateway(t, [reset]);
  const { io, notes } = aTerminal({});
  assert.equal(await runCli(['query', 'select 1', '--server', server], io), 1);
  assert.match(notes(), /^xtrinode: no answer from http:\/\/127\.0\.0\.1:\d+: .*Is the gateway running\?.*\n$/);
  assert.equal(seen.length, 1);
});

test('an error of Trino is its message, name and exit code 1, without a stack trace', async (t) => {
  const error = { message: "line 1:8: Column 'x' cannot be resolved", errorName: 'COLUMN_NOT_FOUND', errorType: 'USER_ERROR' };
  const { server } = await aGateway(t, [page({}, 0), page({ error })]);
  const { io, notes } = aTerminal({});
  assert.equal(await runCli(['query', 'select x', '--server', server], io), 1);
  assert.equal(notes(), "xtrinode: query q1 failed: line 1:8: Column 'x' cannot be resolved (COLUMN_NOT_FOUND)\n");
});

test('Ctrl-C cancels the query on the server and exits with 130', async (t) => {
  const { io, notes, interrupt } = aTerminal({});
  const { server, seen } = await aGateway(t, [page({}, 0), () => interrupt(), (response) => response.writeHead(204).end()]);
  assert.equal(await runCli(['query', 'select 1', '--server', server], io), 130);
  assert.equal(seen.at(-1)?.line, 'DELETE /v1/statement/q1/0');
  assert.equal(notes(), 'xtrinode: query q1 cancelled\n');
});

test('a statement that changes things says how many rows, on standard error', async (t) => {
  const { server } = await aGateway(t, [
    page({}, 0),
    page({ updateType: 'INSERT', updateCount: 3, columns: [{ name: 'rows', type: 'bigint' }], data: [[3]] }),
  ]);
  const { io, notes } = aTerminal({});
  assert.equal(await runCli(['query', 'insert into t values 1,2,3', '--server', server], io), 0);
  assert.equal(notes(), 'INSERT: 3 rows\n');
});

test('a terminal sees a progress line that is gone before the rows come', async (t) => {
  const { server } = await aGateway(t, [page({}, 0), page({ columns, data: [[1]] })]);
  const { io, notes } = aTerminal({}, { isInteractive: true });
  await runCli(['query', 'select 1', '--server', server], io);
  // eslint-disable-next-line no-control-regex -- the erase sequence is what is tested
  assert.match(notes(), /^\rQUEUED, waited 0\.\d s\u001b\[K\r\u001b\[K$/);
});

test('progress and headers in words', () => {
  assert.equal(
    formatProgress({ id: 'q', stats: { state: 'RUNNING', completedSplits: 3, totalSplits: 12 } }, 3_420),
    'RUNNING, 25 % of 12 splits, 3.4 s',
  );
  assert.equal(formatProgress({ id: 'q' }, 0), 'WAITING, waited 0.0 s');
  assert.equal(formatStatement('  select 1 ;\n; '), 'select 1');
  assert.equal(statementHeaders({ runtime: 'a/b', namespace: 'default' }, '')['X-Trino-XTrinode'], 'a/b');
  assert.equal(statementHeaders({}, undefined)['X-Trino-User'], 'xtrinode');
});

test('a refusal is told with the detail of its problem', () => {
  assert.equal(refusalText(503, '{"title":"Asleep","detail":"sales sleeps"}', 'http://x'), 'http://x answered 503: sales sleeps');
  assert.equal(refusalText(404, '<html>big page</html>', 'http://x'), 'http://x answered 404');
  assert.match(refusalText(401, 'Unauthorized', 'http://x'), /wants a login/);
});
