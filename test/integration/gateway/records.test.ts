// What a gateway writes down and says about requests: the access log, traces, the explanation in an answer, and the client's address
// behind proxies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseNetwork, type Network } from '#core/network.ts';
import { createAccessLog } from '#gateway/records/access-log.ts';
import { createStatementRates } from '#gateway/admit/statement-rates.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { anEntry, asleep, aTrino, createBench, linesOf, runningOn } from './setup.ts';

const loopback = [parseNetwork('127.0.0.0/8') as Network];
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function aLog(what: 'statements' | 'all') {
  const lines: Record<string, unknown>[] = [];
  return { lines, accessLog: createAccessLog({ what, write: (fields) => void lines.push({ ...fields }) }) };
}

describe('the access log', () => {
  it('has a line per request, with what happened and without what would let anybody read rows', async (t) => {
    const { lines, ...log } = aLog('all');
    const trino = await aTrino(t);
    const bench = await createBench(t, { ...log, routes: [runningOn(trino)] });
    const secrets = ['Authorization', 'Basic c2VjcmV0', 'traceparent', trace];
    const { page } = await bench.post("SELECT 'hidden'", { headers: secrets });
    const last = await bench.follow(page);
    assert.deepEqual(
      lines.map(({ kind, method, status, runtime, rule, queryId }) => [kind, method, status, runtime, rule, queryId === last.id]),
      [
        ['statement', 'POST', 200, 'team/a', 'default', true],
        ['query', 'GET', 200, 'team/a', 'query', true],
        ['query', 'GET', 200, 'team/a', 'query', true],
      ],
    );
    const [first] = lines;
    assert.deepEqual(
      [first?.['user'], first?.['client'], first?.['traceId'], first?.['isComplete'], first?.['durationMs']],
      ['ann', '127.0.0.1', '4bf92f3577b34da6a3ce929d0e0e4736', true, 0],
    );
    assert.ok(Number(first?.['bytes']) > 200);
    const slugs = trino.calls.flatMap(({ path }) => /\/(y[0-9a-f]{20})\//.exec(path)?.[1] ?? []);
    assert.equal(slugs.length, 2);
    for (const secret of [...slugs, 'hidden', 'c2VjcmV0', '/v1/']) assert.ok(!JSON.stringify(lines).includes(secret), secret);
  });

  it('can be of new statements alone, and says so of a client that did not wait for its answer', async (t) => {
    const { lines, ...log } = aLog('statements');
    const bench = await createBench(t, { ...log, routes: [asleep] });
    await bench.send('GET', '/v1/info');
    const leaving = new AbortController();
    const { answer } = await bench.begin('POST', '/v1/statement', {
      headers: ['X-Trino-User', 'ann'],
      body: 'SELECT 1',
      signal: leaving.signal,
    });
    leaving.abort();
    await assert.rejects(answer);
    await bench.until(() => lines.length === 1);
    assert.deepEqual([lines[0]?.['kind'], lines[0]?.['status'], lines[0]?.['isComplete']], ['statement', 0, false]);
  });
});

describe('a trace', () => {
  it('of the client goes on to the coordinator as it is, beside a trace token of its own', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)], newTrace: () => 'f'.repeat(48) });
    const theirs = ['traceparent', trace, 'tracestate', 'vendor=1', 'X-Trino-Trace-Token', 'mine'];
    await bench.post('SELECT 1', { headers: theirs });
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'traceparent', 'tracestate', 'x-trino-trace-token'), [
      `traceparent: ${trace}`,
      'tracestate: vendor=1',
      'X-Trino-Trace-Token: mine',
    ]);
  });

  it('is made for a statement that has none only where that is wanted', async (t) => {
    for (const [newTrace, expected] of [
      [() => 'ab'.repeat(24), [`traceparent: 00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`]],
      [undefined, []],
    ] as const) {
      const trino = await aTrino(t);
      const bench = await createBench(t, { routes: [runningOn(trino)], ...(newTrace === undefined ? {} : { newTrace }) });
      await bench.post('SELECT 1');
      assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'traceparent'), expected);
    }
  });
});

describe('an answer explains itself when it is asked to', () => {
  const explain = ['X-XTrinode-Explain', 'true'];

  it('whatever it is: a page of ours, one of a coordinator, an error', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, {
      routes: [runningOn(trino), anEntry({ name: 'b', state: 'PAUSED', note: 'nobody asked for 5\u00a0m', isDefault: false })],
    });
    const said = async (...headers: readonly string[]): Promise<unknown> =>
      (await bench.drive(bench.post('SELECT 1', { headers: [...explain, ...headers] }))).headers['x-xtrinode-route'];
    assert.equal(
      await said(),
      'team/a: nothing in the request selects a runtime, and it is the default. It is awake: the statement is handed over at once.',
    );
    assert.equal(
      await said('X-Trino-XTrinode', 'team/b'),
      'team/b: X-Trino-XTrinode: team/b selects it. It sleeps (nobody asked for 5?m): the statement wakes it and waits for it, at most 600 s (spec.wakePatience).',
    );
    assert.match(String(await said('X-Trino-XTrinode', 'nowhere')), /^no runtime: X-Trino-XTrinode: "nowhere" selects no runtime\./);
    const { page } = await bench.post('SELECT 1');
    const polled = await bench.send('GET', page.nextUri ?? '', { headers: explain });
    assert.equal(polled.headers['x-xtrinode-route'], 'team/a: what this asks for is there.');
    const refused = await bench.send('GET', '/v1/secret', { headers: explain });
    assert.deepEqual([refused.status, refused.headers['x-xtrinode-route']], [404, 'no runtime: the gateway answers this by itself.']);
    for (const { rawHeaders } of trino.calls) assert.deepEqual(linesOf(rawHeaders, 'x-xtrinode-explain'), [], 'for this hop alone');
  });

  it('and says nothing when it is not', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    assert.equal((await bench.send('GET', '/v1/info')).headers['x-xtrinode-route'], undefined);
  });
});

describe('behind a trusted proxy', () => {
  const edge = ['X-Forwarded-For', '203.0.113.1, 192.0.2.7', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'trino.example.com'];

  it('pages lead back by the edge, and coordinators hear of the edge and the client', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino, { hosts: ['trino.example.com'] })], trustedProxies: loopback });
    const { page } = await bench.post('SELECT 1', { headers: edge });
    assert.match(page.nextUri ?? '', /^https:\/\/trino\.example\.com\/v1\/statement\/queued\//);
    assert.deepEqual(
      linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-for'),
      ['X-Forwarded-Proto: https', 'X-Forwarded-Host: trino.example.com', 'X-Forwarded-Port: 443', 'X-Forwarded-For: 192.0.2.7'],
    );
  });

  it('statements are counted by the client, not by the proxy', async (t) => {
    const countStatement = createStatementRates({ perAddress: { count: 1, periodMs: 60_000 }, clock: createFakeClock() });
    const bench = await createBench(t, { routes: [runningOn(await aTrino(t))], trustedProxies: loopback, countStatement });
    const errorOf = async (client: string): Promise<string | undefined> =>
      (await bench.follow((await bench.post('SELECT 1', { headers: ['X-Forwarded-For', client] })).page)).error?.errorName;
    assert.deepEqual([await errorOf('192.0.2.7'), await errorOf('192.0.2.8')], [undefined, undefined]);
    assert.equal(await errorOf('192.0.2.7'), 'QUERY_QUEUE_FULL');
  });
});
