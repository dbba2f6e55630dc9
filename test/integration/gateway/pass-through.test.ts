// A runtime that runs: statements and pages pass through untouched (trino-protocol section 9, rows 1-32).
import assert from 'node:assert/strict';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { aTrino, createBench, linesOf, runningOn, runsOf, type Bench } from './setup.ts';
import { bigRun, type FakeTrino } from '../../fakes/fake-trino.ts';
import type { TestContext } from 'node:test';

async function aRunningBench(t: TestContext): Promise<{ trino: FakeTrino; bench: Bench }> {
  const trino = await aTrino(t);
  return { trino, bench: await createBench(t, { routes: [runningOn(trino)] }) };
}

/** Raw bytes to the gateway, everything that comes back until it closes or `isEnough`. */
function talk(port: number, text: string, isEnough: (answer: string) => boolean, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (isEnough(answer)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** The answer before its body is read. */
function open(uri: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(uri.replace('localhost', '127.0.0.1'), { agent: false }, resolve).on('error', reject);
  });
}

describe('POST to a running runtime', () => {
  it('forwards the statement byte by byte and relays the page unchanged [row 1] [row 2]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const sql = `SELECT 'Größe ✓ ${'x'.repeat(1_000_000)}'`;
    const answer = await bench.post(sql, { headers: ['Content-Type', 'text/plain; charset=utf-8'] });
    const [call] = trino.calls;
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.page.id, [...trino.queries.keys()][0]);
    assert.ok(call?.body.equals(Buffer.from(sql)) === true);
    assert.deepEqual(linesOf(call.rawHeaders, 'content-type'), ['Content-Type: text/plain; charset=utf-8']);
  });

  it('takes a statement without a known length', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const head = `POST /v1/statement HTTP/1.1\r\nHost: localhost\r\nX-Trino-User: ann\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const answer = await talk(bench.port, `${head}7\r\nSELECT \r\n1\r\n1\r\n0\r\n\r\n`, () => false);
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.equal(trino.calls[0]?.body.toString(), 'SELECT 1');
    assert.deepEqual(linesOf(trino.calls[0].rawHeaders, 'transfer-encoding'), []);
  });

  it('asks for the body of a client that expects to be asked', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const head = 'POST /v1/statement HTTP/1.1\r\nHost: localhost\r\nX-Trino-User: ann\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n';
    const answer = await talk(bench.port, `${head}SELECT 1`, (text) => text.includes('nextUri'));
    assert.match(answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'expect'), []);
  });

  it('answers pipelined requests in their order', async (t) => {
    const { bench } = await aRunningBench(t);
    const post = 'POST /v1/statement HTTP/1.1\r\nHost: localhost\r\nX-Trino-User: ann\r\nContent-Length: 8\r\n\r\nSELECT 1';
    const answer = await talk(bench.port, `${post}GET /v1/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, () => false);
    assert.ok(answer.indexOf('nextUri') > 0 && answer.indexOf('nextUri') < answer.indexOf('nodeVersion'));
  });

  it('refuses an empty statement with 400, without asking anybody [row 3]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    assert.equal((await bench.post('')).status, 400);
    assert.equal(trino.calls.length, 0);
  });

  it('keeps header lines as they are: order, duplicates, commas [row 4]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const lines = ['X-Trino-Session', 'a=1', 'X-Trino-Session', 'b=2,c=3', 'X-Trino-Extra-Credential', 'k=v', 'X-Trino-Session', 'd=4'];
    await bench.post('SELECT 1', { headers: lines });
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-session'), [
      'X-Trino-Session: a=1',
      'X-Trino-Session: b=2,c=3',
      'X-Trino-Session: d=4',
    ]);
  });

  it('takes a megabyte of prepared statements in a header [row 5]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const prepared = `p=${'s'.repeat(1_000_000)}`;
    assert.equal((await bench.post('EXECUTE p', { headers: ['X-Trino-Prepared-Statement', prepared] })).status, 200);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-prepared-statement'), [`X-Trino-Prepared-Statement: ${prepared}`]);
  });

  it('answers 431 to headers beyond 1 MiB, and others are served [row 6]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    assert.equal((await bench.post('SELECT 1', { headers: ['X-Trino-Session', 'x'.repeat(1_100_000)] })).status, 431);
    assert.equal(trino.calls.length, 0);
    assert.equal((await bench.post('SELECT 1')).status, 200);
  });

  it('serves the Presto family by its own headers, the runtime chosen by ours [row 7]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const headers = ['X-Presto-User', 'bob', 'X-Trino-XTrinode', 'team/a'];
    assert.equal((await bench.send('POST', '/v1/statement', { headers, body: 'SELECT 1' })).status, 200);
    const names = (trino.calls[0]?.rawHeaders ?? []).filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    assert.ok(names.includes('x-presto-user') && names.includes('x-presto-trace-token'));
    assert.deepEqual(
      names.filter((name) => name.startsWith('x-trino-')),
      [],
    );
  });

  it('names each client to the coordinator by its own address, also where two send the same lines', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const lines = 'Host: localhost\r\nX-Trino-User: ann\r\nConnection: close\r\n\r\n';
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.1'])
      await talk(bench.port, `GET /v1/query/20261121_120000_00001_${trino.coordinatorId} HTTP/1.1\r\n${lines}`, () => false, from);
    assert.deepEqual(
      trino.calls.flatMap(({ rawHeaders }) => linesOf(rawHeaders, 'x-forwarded-for')),
      ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-For: 127.0.0.2', 'X-Forwarded-For: 127.0.0.1'],
    );
  });

  it('refuses both header families in one request [row 8]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    assert.equal((await bench.post('SELECT 1', { headers: ['X-Presto-Source', 'x'] })).status, 400);
    assert.equal(trino.calls.length, 0);
  });

  it('decides itself what is said about forwarding, and strips what must not travel [row 9] [row 10] [row 11]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const evil = ['X-Forwarded-Host', 'evil', 'X-Forwarded-Prefix', '/x', 'Forwarded', 'host=evil', 'X-Trino-Internal-Bearer', 'b'];
    const answer = await bench.post('SELECT 1', {
      headers: [...evil, 'Connection', 'close, X-Trino-User, Hop', 'Hop', '1', 'TE', 'trailers'],
    });
    const raw = trino.calls[0]?.rawHeaders ?? [];
    assert.deepEqual(linesOf(raw, 'x-forwarded-host'), [`X-Forwarded-Host: localhost:${bench.port}`]);
    assert.deepEqual(linesOf(raw, 'x-forwarded-proto', 'x-forwarded-port'), ['X-Forwarded-Proto: http', `X-Forwarded-Port: ${bench.port}`]);
    assert.deepEqual(linesOf(raw, 'x-forwarded-prefix'), ['X-Forwarded-Prefix: /rt/team.a']);
    assert.deepEqual(linesOf(raw, 'forwarded', 'x-trino-internal-bearer', 'hop', 'te'), []);
    assert.deepEqual(linesOf(raw, 'x-trino-user'), ['X-Trino-User: ann'], 'a client cannot have its identity stripped');
    assert.equal(answer.page.nextUri?.startsWith(`${bench.origin}/rt/team.a/v1/statement/queued/`), true);
  });

  it('relays 401 with both challenges, in order, and asks again only with the next POST [row 43]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.failNext('POST', {
      status: 401,
      headers: ['WWW-Authenticate', 'Bearer x_token_server="u"', 'WWW-Authenticate', 'Basic realm="Trino"'],
      body: 'no',
    });
    const answer = await bench.post('SELECT 1', { headers: ['Authorization', 'Basic eA=='] });
    assert.equal(answer.status, 401);
    assert.equal(answer.text, 'no');
    assert.deepEqual(linesOf(answer.rawHeaders, 'www-authenticate'), [
      'WWW-Authenticate: Bearer x_token_server="u"',
      'WWW-Authenticate: Basic realm="Trino"',
    ]);
    assert.equal(trino.count('POST'), 1);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'authorization'), ['Authorization: Basic eA==']);
  });

  it('gives the query a trace token when the client has none, and keeps the client’s own', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    await bench.post('SELECT 1');
    await bench.post('SELECT 1', { headers: ['X-Trino-Trace-Token', ''] });
    await bench.post('SELECT 1', { headers: ['X-Trino-Trace-Token', 'mine'] });
    const tokens = trino.calls.map(({ rawHeaders }) => linesOf(rawHeaders, 'x-trino-trace-token'));
    assert.match(tokens[0]?.join() ?? '', /^X-Trino-Trace-Token: \d{8}_\d{6}_\d{5}_0gwgz$/);
    assert.match(tokens[1]?.join() ?? '', /^X-Trino-Trace-Token: \d{8}_\d{6}_\d{5}_0gwgz$/);
    assert.deepEqual(tokens[2], ['X-Trino-Trace-Token: mine']);
  });

  it('asks for no demand while the runtime takes queries', async (t) => {
    const { bench } = await aRunningBench(t);
    await bench.follow((await bench.post('SELECT 1')).page);
    assert.deepEqual(bench.demands, []);
  });
});

describe('pages', () => {
  it('of interleaved queries go to their own coordinators [row 15]', async (t) => {
    const trinos = await Promise.all(Array.from({ length: 20 }, (_, index) => aTrino(t, { coordinatorId: `tri${index}` })));
    const bench = await createBench(t, {
      routes: trinos.map((trino, index) => runningOn(trino, { name: `r${index}`, headerValues: [`team/r${index}`] })),
    });
    const pages = await Promise.all(
      trinos.map(async (_, index) => (await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', `team/r${index}`] })).page),
    );
    await Promise.all(pages.map((page) => bench.follow(page)));
    for (const trino of trinos) {
      const follows = trino.calls.filter(({ method }) => method === 'GET');
      assert.ok(follows.length > 0);
      assert.ok(follows.every(({ path }) => path.includes(`_${trino.coordinatorId}/`)));
    }
  });

  it('reach their coordinator through a gateway that never saw the POST [row 16]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const other = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('SELECT 1');
    assert.deepEqual((await other.follow(page)).data, [[1]]);
  });

  it('keep their query string, need no user, and are asked for one at a time by the client alone [row 17] [row 18] [row 19] [row 21]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 2, pages: [{ rows: [1] }, { rows: [2] }] };
    const { page } = await bench.post('SELECT 1');
    const first = await bench.send('GET', `${page.nextUri}?targetResultSize=5MB`, { headers: ['X-Trino-User', ''] });
    assert.equal(first.status, 200);
    assert.ok(trino.calls.at(-1)?.path.endsWith('/1?targetResultSize=5MB'));
    const again = await bench.send('GET', page.nextUri ?? '');
    assert.equal(again.text, first.text);
    assert.equal(trino.count('GET'), 2);
  });

  it('relays 410 for a page passed and 404 for an id nobody knows, without asking around [row 20]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 3, pages: [{ rows: [1] }] };
    const one = (await bench.post('SELECT 1')).page;
    const two = (await bench.send('GET', one.nextUri ?? '')).page;
    await bench.send('GET', two.nextUri ?? '');
    assert.equal((await bench.send('GET', one.nextUri ?? '')).status, 410);
    const calls = trino.calls.length;
    assert.equal((await bench.send('GET', '/v1/statement/queued/20260101_000000_00001_zzzzz/y1/1')).status, 404);
    assert.equal((await bench.send('GET', '/v1/statement/queued/nonsense/y1/1')).status, 404);
    assert.equal(trino.calls.length, calls);
    assert.equal(
      (await bench.send('GET', (one.nextUri ?? '').replace(/\/y[0-9a-f]+\//, '/y0/'))).status,
      404,
      'a wrong slug is the coordinator’s matter',
    );
  });

  it('come at the second try when the coordinator breaks off before the first byte [row 22]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const { page } = await bench.post('SELECT 1');
    trino.failNext('GET /v1/statement', 'reset-before-head', { status: 503, body: 'a mesh' });
    const answer = bench.drive(bench.send('GET', page.nextUri ?? ''));
    assert.equal((await answer).page.id, page.id);
    assert.equal(
      new Set(trino.calls.filter(({ method, path }) => method === 'GET' && path !== '/v1/info').map(({ path }) => path)).size,
      1,
    );
  });

  it('that break in the middle break the client’s connection too [row 24]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const { page } = await bench.post('SELECT 1');
    trino.failNext('GET', 'reset-mid-body');
    await assert.rejects(bench.send('GET', page.nextUri ?? ''), { code: 'ECONNRESET' });
    await bench.post('SELECT 2');
    assert.equal(trino.count('GET'), 1);
  });

  it('that fall silent in the middle are broken off after two minutes', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const { page } = await bench.post('SELECT 1');
    trino.failNext('GET', 'stall');
    const { answer } = await bench.begin('GET', page.nextUri ?? '');
    await trino.called('GET');
    bench.clock.advance(120_000);
    assert.equal((await bench.drive(answer)).page.id, page.id, 'and asked for again');
  });

  it('of 100 MB stream through, byte by byte [row 25]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const bytes = 100 * 1024 * 1024;
    trino.script = { queuedPolls: 1, pages: [{ bytes }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const response = await open(executing);
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length;
    assert.equal(received, bytes);
  });

  it('are never parsed on their way [row 98]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 1, pages: [{ rows: [1] }, { bytes: 4 * 1024 * 1024 }] };
    const uriIn = (text: string): string => /"nextUri":"([^"]+)"/.exec(text)?.[1] ?? '';
    const first = await bench.post('SELECT 1');
    const parse = t.mock.method(JSON, 'parse');
    let pages = 0;
    for (let uri = uriIn(first.text); uri !== ''; pages += 1) uri = uriIn((await bench.send('GET', uri)).text);
    assert.deepEqual([pages, parse.mock.callCount()], [3, 0]);
  });

  it('wait in the coordinator while the client reads nothing, and flow when it does [row 25]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const bytes = 100 * 1024 * 1024;
    trino.script = { queuedPolls: 1, pages: [{ bytes }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const response = await open(executing);
    // Real time: kernel buffers fill on their own.
    for (let before = -1; before !== trino.streamedBytes;) {
      before = trino.streamedBytes;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(trino.streamedBytes < 32 * 1024 * 1024, `${trino.streamedBytes} bytes were taken without a reader`);
    assert.deepEqual(await runsOf(response), new Set([bigRun]));
  });

  it('are read no further when the client breaks off', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 1, pages: [{ bytes: 100 * 1024 * 1024 }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    (await open(executing)).destroy();
    await bench.until(() => trino.abandoned === 1);
  });

  it('pass compressed as they are, and plain for who asks for plain [row 26]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 1, pages: [{ rows: [7], isGzip: true }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const packed = await bench.send('GET', executing, { headers: ['Accept-Encoding', 'gzip'] });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.deepEqual((JSON.parse(gunzipSync(packed.body).toString()) as { data: unknown }).data, [[7]]);
    const plain = await bench.send('GET', executing, { headers: ['Accept-Encoding', 'identity'] });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.deepEqual(plain.page.data, [[7]]);
  });

  it('bring every response header line to the client, unfolded, 40 KiB of prepared text too [row 27] [row 28]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const headers = [
      'X-Trino-Set-Session',
      'a=1',
      'X-Trino-Set-Session',
      'b=2,c',
      'X-Trino-Set-Session',
      'd=4',
      'X-Trino-Added-Prepare',
      `p=${'s'.repeat(40 * 1024)}`,
      'X-Trino-Clear-Session',
      'e',
      ...['Set-Catalog', 'Set-Schema', 'Set-Path', 'Set-Role', 'Set-Original-Roles', 'Deallocated-Prepare', 'Started-Transaction-Id'],
      ...['Clear-Transaction-Id', 'Set-Authorization-User', 'Reset-Authorization-User', 'Query-Data-Encoding'],
    ].flatMap((text) => (/^[A-Z]/.test(text) && !text.startsWith('X-') ? [`X-Trino-${text}`, 'v'] : [text]));
    trino.script = { queuedPolls: 1, pages: [{ headers }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const answer = await bench.send('GET', executing);
    const names = new Set(headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
    // The one line that is changed on its way, so that the transaction finds back (transactions.test.ts).
    const expected = linesOf(headers, ...names).map((line) => (line.startsWith('X-Trino-Started-Transaction-Id') ? `${line}.abcde` : line));
    assert.deepEqual(linesOf(answer.rawHeaders, ...names), expected);
  });

  it('are kept alive by HEAD as HEAD, which takes no page [row 29]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const beat = await bench.send('HEAD', executing);
    assert.deepEqual([beat.status, beat.body.length, trino.count('HEAD')], [200, 0, 1]);
    assert.deepEqual((await bench.send('GET', executing)).page.data, [[1]]);
  });

  it('can be cancelled at any stage, whole and in part [row 31]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    trino.script = { queuedPolls: 1, pages: [{ rows: [1] }, { rows: [2] }] };
    const { page } = await bench.post('SELECT 1');
    const executing = (await bench.send('GET', page.nextUri ?? '')).page.nextUri ?? '';
    const partial = executing.replace('/executing/', '/executing/partialCancel/').replace(page.id, `${page.id}/0`);
    assert.equal((await bench.send('DELETE', partial)).status, 204);
    assert.equal(trino.queries.get(page.id)?.isCanceled, false);
    assert.equal((await bench.send('DELETE', executing)).status, 204);
    assert.equal((await bench.send('DELETE', page.nextUri ?? '')).status, 204);
    assert.equal(trino.queries.get(page.id)?.isCanceled, true);
    assert.equal(trino.count('DELETE'), 3);
  });

  it('are given up when the client goes, but the query is not cancelled [row 95]', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const { page } = await bench.post('SELECT 1');
    trino.failNext('GET', 'stall');
    const leaving = new AbortController();
    const { answer } = await bench.begin('GET', page.nextUri ?? '', { signal: leaving.signal });
    await trino.called('GET');
    leaving.abort();
    await assert.rejects(answer);
    await bench.until(() => trino.abandoned === 1);
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    assert.equal(trino.queries.get(page.id)?.isCanceled, false);
    assert.equal(trino.count('DELETE'), 0);
  });

  it('of a query are followed when the route table lags behind the coordinator’s restart', async (t) => {
    const trino = await aTrino(t, { coordinatorId: 'newid' });
    const bench = await createBench(t, { routes: [runningOn(trino, { coordinatorId: 'oldid' })] });
    assert.deepEqual((await bench.follow((await bench.post('SELECT 1')).page)).data, [[1]]);
  });

  it('go nowhere but to the coordinator that made them when two share an id', async (t) => {
    const trinos = [await aTrino(t, { coordinatorId: 'same1' }), await aTrino(t, { coordinatorId: 'same1' })] as const;
    const bench = await createBench(t, {
      routes: trinos.map((trino, index) => runningOn(trino, { name: `r${index}`, headerValues: [`team/r${index}`] })),
    });
    for (const [index, trino] of trinos.entries()) {
      const { page } = await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', `team/r${index}`] });
      assert.deepEqual((await bench.follow(page)).data, [[1]]);
      assert.equal(trino.count('GET'), 2);
    }
    assert.equal((await bench.send('GET', '/v1/statement/queued/20260101_000000_00099_same1/y1/1')).status, 404);
  });

  it('flow on when the route leaves the table in the middle of a page', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const bytes = 20 * 1024 * 1024;
    trino.script = { queuedPolls: 1, pages: [{ bytes }] };
    const executing = (await bench.send('GET', (await bench.post('SELECT 1')).page.nextUri ?? '')).page.nextUri ?? '';
    const response = await open(executing);
    bench.route({ ...runningOn(trino), state: 'PAUSED', coordinatorUrl: 'http://127.0.0.1:9' });
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length;
    assert.equal(received, bytes);
  });
});

describe('connections', () => {
  it('stay usable after a body that is too large', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const tooLarge = await bench.post('x'.repeat(17 * 1024 * 1024), { agent });
    assert.equal(tooLarge.page.stats['state'], 'QUEUED');
    assert.equal((await bench.follow(tooLarge.page)).error?.errorName, 'QUERY_TEXT_TOO_LARGE');
    assert.equal((await bench.post('SELECT 1', { agent })).status, 200);
    assert.equal(trino.count('POST'), 1);
  });

  it('also when its length is not declared', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: bench.port, method: 'POST', path: '/v1/statement', headers: { 'X-Trino-User': 'ann' }, agent: false },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      outgoing.on('error', reject);
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (let index = 0; index < 17; index += 1) outgoing.write(chunk);
      outgoing.end();
    });
    assert.equal(status, 200);
    assert.equal(trino.count('POST'), 0);
  });

  it('that a coordinator closed meanwhile are replaced without the client noticing', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    await bench.follow((await bench.post('SELECT 1')).page);
    trino.failNext('POST', 'reset-before-head');
    assert.equal((await bench.post('SELECT 2')).status, 200);
    assert.equal(trino.count('POST'), 3);
  });

  it('are kept open for longer than clients and load balancers keep them [row 94]', async (t) => {
    const { bench } = await aRunningBench(t);
    const answer = await talk(bench.port, 'GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n', (text) => text.includes('nodeVersion'));
    const seconds = Number(/Keep-Alive: timeout=(\d+)/i.exec(answer)?.[1]);
    assert.ok(seconds >= 60, answer);
  });

  it('of a client that goes while it sends its statement leave nothing behind', async (t) => {
    const { trino, bench } = await aRunningBench(t);
    await talk(
      bench.port,
      'POST /v1/statement HTTP/1.1\r\nHost: x\r\nX-Trino-User: a\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\nSEL',
      (text) => text.includes('100'),
    );
    assert.equal((await bench.post('SELECT 1')).status, 200);
    assert.equal(trino.count('POST'), 1);
  });
});
