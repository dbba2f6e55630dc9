import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createHttpCoordinators } from './trino-client.ts';

async function aCoordinator(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  t.after(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const never = new AbortController().signal;
const minuteMs = 60_000;

test('a coordinator that takes a statement and says nothing costs one answer, not the time of a whole statement', async (t) => {
  const url = await aCoordinator(t, () => undefined);
  const { runStatement } = createHttpCoordinators({ answerWithinMs: 20 });
  await assert.rejects(runStatement(url, 'SELECT 1', minuteMs, never), /no answer within 20 ms/);
});

test('a statement that waits page by page is waited for, and its id is told with its first rows', async (t) => {
  let pages = 0;
  const url = await aCoordinator(t, (request, response) => {
    request.resume();
    pages += 1;
    const nextUri = `http://${request.headers.host}/v1/statement/${pages}`;
    response.end(JSON.stringify({ id: '20261121_125428_00000_abcde', stats: {}, ...(pages < 4 ? { nextUri } : { data: [[1]] }) }));
  });
  const { runStatement } = createHttpCoordinators();
  assert.equal(await runStatement(url, 'SELECT 1', minuteMs, never), '20261121_125428_00000_abcde');
  assert.equal(pages, 4);
});
