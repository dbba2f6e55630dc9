// Everything beside statements: what is answered here, what passes, what nobody outside may ask (trino-protocol section 6;
// section 9, rows 30, 32, 36-40, 53-55, 81).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aTrino, anEntry, asleep, createBench, runningOn, type Page } from './setup.ts';

describe('nothing but a statement wakes a runtime:', () => {
  it('not /v1/info, health checks, credentials’ checks, lists, the UI or a segment [row 30] [row 39] [row 51]', async (t) => {
    const bench = await createBench(t, { routes: [{ ...asleep, hosts: ['a.example.com'] }] });
    const user = ['X-Trino-User', 'ann', 'Host', 'a.example.com'];
    const statuses: Record<string, number> = {};
    for (const call of [
      'GET /v1/info',
      'GET /healthz',
      'GET /readyz',
      'HEAD /v1/statement',
      'GET /v1/query',
      'GET /ui/',
      'POST /ui/login',
      'GET /oauth2/token/x',
      'GET /v1/spooled/ack/x',
      'GET /v1/spooled/download/x',
    ]) {
      const [method = '', path = ''] = call.split(' ');
      statuses[call] = (await bench.send(method, path, { headers: user })).status;
    }
    assert.deepEqual(statuses, {
      'GET /v1/info': 200,
      'GET /healthz': 200,
      'GET /readyz': 200,
      'HEAD /v1/statement': 200,
      'GET /v1/query': 503,
      'GET /ui/': 503,
      'POST /ui/login': 503,
      'GET /oauth2/token/x': 200,
      'GET /v1/spooled/ack/x': 200,
      'GET /v1/spooled/download/x': 503,
    });
    assert.deepEqual(bench.demands, []);
    assert.deepEqual(bench.clock.pendingDelays(), []);
  });

  it('/v1/info says what tools want to hear [row 55]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const info = JSON.parse((await bench.send('GET', '/v1/info')).text) as Record<string, unknown>;
    assert.deepEqual(
      [info['starting'], info['coordinator'], info['nodeVersion'], info['environment']],
      [false, true, { version: '483' }, 'production'],
    );
    assert.match(String(info['uptime']), /^[0-9.]+m$/);
  });

  it('HEAD /v1/statement without anybody’s name is 401 [row 30]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const answer = await bench.send('HEAD', '/v1/statement');
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Basic realm="Trino"']);
  });

  it('a call that cannot wait is told the phase and when to come again', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const answer = await bench.send('GET', '/v1/query');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.match(answer.text, /runtime team\/a is PAUSED/);
  });

  it('a browser sees that it sleeps and how to wake it', async (t) => {
    const bench = await createBench(t, { routes: [{ ...asleep, note: 'idle <for> long' }] });
    const answer = await bench.send('GET', '/ui/', { headers: ['Accept', 'text/html'] });
    assert.equal(answer.status, 503);
    assert.match(answer.text, /team\/a sleeps/);
    assert.match(answer.text, /xtrinode resume a -n team/);
    assert.ok(!answer.text.includes('<for>'));
    assert.equal(answer.headers['refresh'], undefined, 'a page left open asks for nothing');
  });
});

describe('paths that are not for clients', () => {
  it('are refused before any coordinator hears of them [row 53] [row 54]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const refused = [
      'GET /v1/task/x',
      'GET /v1/memory',
      'GET /v1/announcement/x',
      'PUT /v1/info/state',
      'GET /v1/info/coordinator',
      'GET /v1/status',
      'GET /v1/node',
      'GET /metrics',
      'GET /other',
      'GET /v1/jmx/mbean',
    ];
    const tricky = [
      'GET //v1/task',
      'GET /ui/../v1/task',
      'GET /ui/%2e%2e/v1/task',
      'GET /ui/..;/v1/task',
      'GET /ui/x;y/v1',
      'GET /v1/%73tatement/..',
      'GET /ui\\v1',
      'GET /ui/%2fv1',
      'GET /ui/%00',
      'GET http://other/v1/task',
    ];
    for (const call of [...refused, ...tricky]) {
      const [method = '', path = ''] = call.split(' ');
      assert.equal((await bench.send(method, path)).status, 404, call);
    }
    for (const call of [
      'PUT /v1/statement',
      'POST /v1/statement/queued/x/y/1',
      'POST /v1/info',
      'POST /v1/query',
      'POST /v1/query/20260101_000000_00000_abcde',
    ]) {
      const [method = '', path = ''] = call.split(' ');
      const answer = await bench.send(method, path);
      assert.equal(answer.status, 405, call);
      assert.ok(answer.headers.allow !== undefined);
    }
    assert.equal(trino.calls.length, 0);
  });
});

describe('calls about one query', () => {
  it('go to its coordinator, and their answers back [row 32]', async (t) => {
    const trino = await aTrino(t);
    const other = await aTrino(t, { coordinatorId: 'other' });
    const bench = await createBench(t, { routes: [runningOn(trino), runningOn(other, { name: 'b', isDefault: false })] });
    const { page } = await bench.post('SELECT 1');
    assert.match((await bench.send('GET', `/v1/query/${page.id}`)).text, /SELECT 1/);
    assert.equal((await bench.send('GET', '/v1/query/20260101_000000_00077_abcde')).status, 410);
    assert.equal((await bench.send('DELETE', `/v1/query/${page.id}`)).status, 204);
    assert.equal(trino.queries.get(page.id)?.isCanceled, true);
    const killed = await bench.send('PUT', `/v1/query/${page.id}/killed`, { body: 'too long' });
    assert.equal(killed.status, 200);
    assert.equal(trino.calls.at(-1)?.body.toString(), 'too long');
    assert.equal((await bench.send('GET', '/v1/query/20260101_000000_00077_zzzzz')).status, 404);
    assert.equal(other.calls.length, 0);
  });

  it('by the first id mean the statement while it waits, and the real query after [row 81]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    bench.clock.advance(1_000);
    const { page } = await answer;
    assert.deepEqual(JSON.parse((await bench.send('GET', `/v1/query/${page.id}`)).text), {
      queryId: page.id,
      state: 'QUEUED',
      runtime: 'team/a',
    });
    const waiting = await bench.send('GET', `/ui/query.html?${page.id}`, { headers: ['Accept', 'text/html'] });
    assert.equal(waiting.status, 200);
    assert.match(waiting.text, /waits for its runtime/);
    const poll = await bench.begin('GET', page.nextUri ?? '');
    bench.route(runningOn(trino));
    const real: Page = (await poll.answer).page;
    const found = await bench.send('GET', `/ui/query.html?${page.id}`, { headers: ['Accept', 'text/html'] });
    assert.deepEqual([found.status, found.headers.location], [302, `/ui/#/queries/${real.id}`]);
    bench.route(runningOn(trino, { trinoVersion: 476 }));
    const older = await bench.send('GET', `/ui/query.html?${page.id}`, { headers: ['Accept', 'text/html'] });
    assert.equal(older.headers.location, `/ui/query.html?${real.id}`);
    assert.match((await bench.send('GET', `/v1/query/${page.id}`)).text, new RegExp(real.id));
  });
});

describe('the Trino UI', () => {
  it('passes through with its forms', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    assert.equal((await bench.send('GET', '/')).headers.location, '/ui/');
    const answer = await bench.send('POST', '/ui/login', {
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: 'username=ann',
    });
    assert.equal(answer.text, 'POST /ui/login username=ann');
  });
});

describe('spooled segments', () => {
  it('reach the runtime of their host name, and are 404 where their owner would be a guess [row 40]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, {
      routes: [runningOn(trino, { hosts: ['a.example.com'] }), anEntry({ name: 'b', state: 'PAUSED' })],
    });
    assert.equal(
      (await bench.send('GET', '/v1/spooled/ack/token', { headers: ['Host', 'a.example.com'] })).text,
      'GET /v1/spooled/ack/token ',
    );
    assert.equal((await bench.send('GET', '/v1/spooled/download/token')).status, 404);
    assert.equal(trino.calls.length, 1);
  });
});
