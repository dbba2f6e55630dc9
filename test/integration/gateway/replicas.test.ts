// A statement that waits goes on at any gateway, and starts once (design D4; trino-protocol section 9, rows 16, 61-68, 74-76).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { createKeyRing } from '#gateway/hold/seal-key.ts';
import { createLog } from '#observe/log.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';
import { aKey, createReplicas, host, poll, postHeld, sharedKeys, type Replicas } from './replicas.ts';
import { aTrino, anEntry, asleep, linesOf, runningOn, type Bench, type Page } from './setup.ts';

interface Two extends Replicas {
  readonly a: Bench;
  readonly b: Bench;
  readonly trino: FakeTrino;
  /** As the POST to `a` was answered. */
  readonly page: Page;
}

async function aHeldStatementOnTwo(t: TestContext, sql: string | Buffer = 'SELECT 1', headers: readonly string[] = []): Promise<Two> {
  const replicas = await createReplicas(t, 2, [asleep]);
  const [a, b] = replicas.all as [Bench, Bench];
  return { ...replicas, a, b, trino: await aTrino(t), page: await postHeld(a, sql, headers) };
}

function begun(trino: FakeTrino): number {
  return [...trino.queries.values()].filter(({ hasBegun }) => hasBegun).length;
}

async function kill(bench: Bench): Promise<void> {
  const stopped = bench.gateway.stop(0);
  bench.clock.advance(1);
  await stopped;
}

describe('a statement whose gateway has gone', () => {
  it('goes on at another one with its id, its age and all that it was posted with', async (t) => {
    const sql = "SELECT 'größer' -- ☃";
    const lines = [
      'X-Trino-Session',
      'a=1',
      'X-Trino-Session',
      'b=2,c=3',
      'X-Trino-Catalog',
      'tpch',
      'Content-Type',
      'text/plain; charset=utf-8',
    ];
    const { a, b, trino, route, clock, page } = await aHeldStatementOnTwo(t, sql, lines);
    await kill(a);
    clock.advance(60_000);
    const next = await poll(b, page, [
      'Authorization',
      'Bearer of-the-poll',
      'X-Trino-User',
      'ann',
      'X-Trino-Catalog',
      'other',
      'Cookie',
      'a=b',
    ]);
    assert.equal(next.id, page.id);
    assert.ok(Number(next.stats['queuedTimeMillis']) >= 60_000);
    assert.equal(b.demands[0]?.what, 'ask');
    route(runningOn(trino));
    assert.deepEqual((await b.follow(next)).data, [[1]]);
    const [post] = trino.calls;
    assert.equal(post?.body.toString(), sql);
    assert.deepEqual(
      linesOf(
        post?.rawHeaders ?? [],
        'x-trino-session',
        'x-trino-catalog',
        'x-trino-user',
        'x-trino-trace-token',
        'authorization',
        'content-type',
        'cookie',
      ),
      [
        'X-Trino-User: ann',
        'X-Trino-Session: a=1',
        'X-Trino-Session: b=2,c=3',
        'X-Trino-Catalog: tpch',
        'Content-Type: text/plain; charset=utf-8',
        'Cookie: a=b',
        `X-Trino-Trace-Token: ${page.id}`,
        'Authorization: Bearer of-the-poll',
      ],
    );
    assert.deepEqual([trino.count('POST'), begun(trino)], [1, 1]);
  });

  it('goes on at the same one after a restart, in any of its pages, and its query is followed by whoever is asked [row 16]', async (t) => {
    const { a, trino, route, start, page } = await aHeldStatementOnTwo(t);
    const third = await poll(a, await poll(a, await poll(a, page)));
    await kill(a);
    const restarted = await start();
    const repeated = await poll(restarted, third);
    assert.deepEqual([repeated.id, (await poll(restarted, third)).nextUri], [page.id, repeated.nextUri]);
    route(runningOn(trino));
    const real = await poll(restarted, repeated);
    const other = await start();
    assert.deepEqual((await other.follow(real)).data, [[1]]);
    assert.equal(begun(trino), 1);
  });

  it('between the submission and its answer is submitted again elsewhere and runs once [row 63]', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, 'INSERT');
    trino.failNext('POST', 'stall');
    const lost = (await a.begin('GET', page.nextUri ?? '')).answer;
    route(runningOn(trino));
    await trino.called('POST');
    await kill(a);
    await assert.rejects(lost);
    assert.deepEqual((await b.follow(page)).data, [[1]]);
    assert.deepEqual([trino.count('POST'), begun(trino)], [2, 1]);
  });

  it('that stops while it waits answers with a page that leads elsewhere, to its POST as well [row 91]', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
    const waiting = (await a.begin('GET', page.nextUri ?? '')).answer;
    const posting = (await a.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 2' })).answer;
    const stopped = a.gateway.stop(5_000);
    const pages = [(await waiting).page, (await posting).page];
    await stopped;
    assert.ok(
      a.demands.every(({ what }) => what === 'ask'),
      'the runtime is not put back to sleep under those who go on elsewhere',
    );
    route(runningOn(trino));
    for (const one of pages) assert.deepEqual((await b.follow(one)).data, [[1]]);
    assert.equal(begun(trino), 2);
  });
});

describe('one start', () => {
  it('of a statement that a hundred polls on three gateways ask for [row 61]', async (t) => {
    const trino = await aTrino(t);
    const { all, route } = await createReplicas(t, 3, [asleep]);
    const page = await postHeld(all[0] as Bench, 'INSERT');
    const polls: Promise<Page>[] = [];
    for (let index = 0; index < 100; index += 1) {
      const { answer } = await (all[index % 3] as Bench).begin('GET', page.nextUri ?? '');
      polls.push(answer.then((answered) => answered.page));
    }
    route(runningOn(trino));
    const pages = await Promise.all(polls);
    assert.equal(trino.count('POST'), 3, 'each gateway submits it once');
    assert.equal(new Set(pages.map(({ id }) => id)).size, 3);
    assert.equal(begun(trino), 0, 'nothing runs before a client follows one of them');
    assert.deepEqual((await (all[1] as Bench).follow(pages[50] as Page)).data, [[1]]);
    assert.equal(begun(trino), 1);
  });

  it('of a statement whose hand-over page was lost and whose poll is repeated at another gateway [row 62]', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, 'INSERT');
    route(runningOn(trino));
    const lost = await poll(a, page);
    assert.deepEqual(await poll(a, page), lost, 'the same one repeats its answer');
    const other = await poll(b, page);
    assert.notEqual(other.id, lost.id);
    assert.deepEqual((await b.follow(other)).data, [[1]]);
    assert.equal(begun(trino), 1);
  });

  it('also where a balancer gives each request to another gateway', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, 'INSERT');
    let next = page;
    for (const [index, bench] of [b, a, b, a, b].entries()) {
      next = await poll(bench, next);
      assert.ok(next.nextUri?.endsWith(`/${index + 1}`), next.nextUri);
    }
    assert.equal((await a.send('GET', page.nextUri ?? '')).status, 410, 'a page that was passed, where that is known');
    route(runningOn(trino));
    let last = await poll(b, await poll(a, next));
    while (last.nextUri !== undefined) last = await poll(last.id < 'x' ? a : b, last);
    assert.deepEqual([last.data, begun(trino)], [[[1]], 1]);
  });

  it('and none of a statement that nobody asks for [row 64]', async (t) => {
    const { a, b, trino, route, clock, page } = await aHeldStatementOnTwo(t);
    await poll(b, page);
    route(runningOn(trino));
    for (let minute = 0; minute < 6; minute += 1) clock.advance(60_000);
    assert.equal(trino.count('POST'), 0);
    assert.equal((await poll(a, page)).error?.errorName, 'ABANDONED_QUERY');
  });
});

describe('a cancel at a gateway that did not submit', () => {
  const cancel = async (bench: Bench, uri: string, more: readonly string[] = []): Promise<number> =>
    (await bench.send('DELETE', uri, { headers: ['X-Trino-User', 'ann', ...more] })).status;

  it('ends a waiting statement there for good, also when it is forgotten, and nothing of it runs', async (t) => {
    const { b, trino, route, clock, page } = await aHeldStatementOnTwo(t);
    assert.equal(await cancel(b, page.nextUri ?? ''), 204);
    route(runningOn(trino));
    for (let minute = 0; minute < 3; minute += 1) {
      assert.equal((await poll(b, page)).error?.errorName, 'USER_CANCELED');
      clock.advance(60_000);
    }
    assert.equal(trino.count('POST'), 0);
  });

  it('ends one that had come there already for good, too', async (t) => {
    const { b, trino, route, clock, page } = await aHeldStatementOnTwo(t);
    const next = await poll(b, page);
    assert.equal(await cancel(b, next.nextUri ?? ''), 204);
    route(runningOn(trino));
    for (let minute = 0; minute < 3; minute += 1) {
      assert.equal((await poll(b, next)).error?.errorName, 'USER_CANCELED');
      clock.advance(60_000);
    }
    assert.equal(trino.count('POST'), 0);
  });

  it('while another submits it leaves a query that nobody follows', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
    let release = (): void => undefined;
    trino.failNext('POST', { after: new Promise((resolve) => (release = resolve)) });
    const { answer } = await a.begin('GET', page.nextUri ?? '');
    route(runningOn(trino));
    await trino.called('POST');
    assert.equal(await cancel(b, page.nextUri ?? ''), 204);
    release();
    await answer;
    assert.deepEqual([trino.queries.size, begun(trino)], [1, 0]);
  });

  it('reaches the query that runs, by the held address and by the first id, marked by trace token or by client tag', async (t) => {
    const byAddress = (page: Page): string => page.nextUri ?? '';
    const byId = (page: Page): string => `/v1/query/${page.id}`;
    for (const path of [byAddress, byId]) {
      for (const traced of [[], ['X-Trino-Trace-Token', 'mine', 'X-Trino-Client-Tags', 'x,y']]) {
        const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, 'SELECT 1', traced);
        route(runningOn(trino));
        const real = await poll(a, page);
        await a.send('GET', real.nextUri ?? '');
        assert.equal(await cancel(b, path(page)), 204);
        await b.until(() => trino.queries.get(real.id)?.isCanceled === true);
        const [post] = trino.calls;
        const marks = linesOf(post?.rawHeaders ?? [], 'x-trino-trace-token', 'x-trino-client-tags');
        const expected =
          traced.length === 0 ? [`X-Trino-Trace-Token: ${page.id}`] : ['X-Trino-Trace-Token: mine', `X-Trino-Client-Tags: x,y,${page.id}`];
        assert.deepEqual(marks, expected);
      }
    }
  });

  it('reaches it also from a gateway where the statement still waits or was handed over a second time', async (t) => {
    for (const path of [(page: Page): string => page.nextUri ?? '', (page: Page): string => `/v1/query/${page.id}`]) {
      for (const isHandedOverTwice of [false, true]) {
        const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
        await poll(b, page);
        route(runningOn(trino));
        const real = await poll(a, page);
        await a.send('GET', real.nextUri ?? '');
        if (isHandedOverTwice) await poll(b, page);
        assert.equal(await cancel(b, path(page)), 204);
        await b.until(() => trino.queries.get(real.id)?.isCanceled === true);
      }
    }
  });

  it('finds it at the coordinator of a former revision', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
    route(runningOn(trino));
    const real = await poll(a, page);
    await a.send('GET', real.nextUri ?? '');
    const next = await aTrino(t, { coordinatorId: 'fghij' });
    const retiring = [{ coordinatorId: trino.coordinatorId, coordinatorUrl: trino.url }];
    route(runningOn(next, { instance: 'pod-2/0', retiring }));
    assert.equal(await cancel(b, page.nextUri ?? ''), 204);
    await b.until(() => trino.queries.get(real.id)?.isCanceled === true);
  });

  it('is made with the credentials of who cancels, and asks the coordinator nothing when this gateway knows', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
    route(runningOn(trino));
    const real = await poll(a, page);
    await a.send('GET', real.nextUri ?? '');
    assert.equal(await cancel(b, page.nextUri ?? '', ['Authorization', 'Bearer ann-s']), 204);
    await trino.called('DELETE');
    for (const method of ['GET', 'DELETE']) {
      const call = trino.calls.find((one) => one.method === method && one.path.startsWith('/v1/query'));
      assert.deepEqual(linesOf(call?.rawHeaders ?? [], 'authorization', 'x-trino-user'), [
        'X-Trino-User: ann',
        'Authorization: Bearer ann-s',
      ]);
    }
    const lists = trino.count('GET /v1/query');
    assert.equal(await cancel(a, page.nextUri ?? ''), 204);
    await trino.called('DELETE /v1/statement');
    assert.equal(trino.count('GET /v1/query'), lists);
  });

  it('of an id that no gateway gave is 404', async (t) => {
    const { b, trino, route } = await aHeldStatementOnTwo(t);
    route(runningOn(trino));
    assert.equal(await cancel(b, '/v1/query/20260101_000000_00077_0gwzz'), 404);
  });
});

describe('the first id at a gateway that did not submit', () => {
  it('means the real query, found by its mark once', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
    route(runningOn(trino));
    const real = await poll(a, page);
    await a.send('GET', real.nextUri ?? '');
    for (let round = 0; round < 2; round += 1) {
      const answer = await b.send('GET', `/v1/query/${page.id}`, { headers: ['X-Trino-User', 'ann'] });
      assert.match(answer.text, new RegExp(real.id));
    }
    assert.equal(trino.calls.filter(({ path }) => path === '/v1/query').length, 1);
  });
});

describe('kill_query with the first id at a gateway that did not submit', () => {
  it('reaches the real query, also where the statement still waits', async (t) => {
    for (const hasPolled of [false, true]) {
      const { a, b, trino, route, page } = await aHeldStatementOnTwo(t);
      if (hasPolled) await poll(b, page);
      route(runningOn(trino));
      const real = await poll(a, page);
      await a.send('GET', real.nextUri ?? '');
      const call = await b.post(`CALL system.runtime.kill_query('${page.id}')`);
      assert.ok(trino.queries.has(call.page.id));
      assert.equal(trino.calls.at(-1)?.body.toString(), `CALL system.runtime.kill_query('${real.id}')`);
    }
  });

  it('is told by any gateway that it is done', async (t) => {
    const { a, b, page } = await aHeldStatementOnTwo(t);
    const call = (await a.post(`CALL system.runtime.kill_query('${page.id}')`)).page;
    for (const bench of [b, a]) {
      const { id, stats, error, nextUri } = await poll(bench, call);
      assert.deepEqual([id, stats['state'], error, nextUri], [call.id, 'FINISHED', undefined, undefined]);
    }
    assert.equal((await poll(a, page)).error?.errorName, 'ADMINISTRATIVELY_KILLED');
  });
});

describe('who may ask for it', () => {
  const basic = (user: string): string => `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`;

  it('is its own subject or whoever has the address alone; another is told nothing, and the statement is untouched [row 74]', async (t) => {
    const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, 'SELECT 1', ['Authorization', basic('ann')]);
    for (const bench of [a, b]) {
      for (const other of [
        ['X-Trino-User', 'eve'],
        ['Authorization', basic('eve')],
        ['X-Trino-User', 'ann', 'Authorization', basic('eve')],
      ]) {
        for (const method of ['GET', 'DELETE', 'HEAD']) {
          assert.equal((await bench.send(method, page.nextUri ?? '', { headers: other })).status, 404);
        }
      }
    }
    assert.deepEqual(b.demands, [], 'nothing was taken up');
    const next = await poll(b, await poll(b, page, ['X-Trino-User', '']), ['X-Trino-User', 'ann', 'Authorization', basic('ann')]);
    route(runningOn(trino));
    assert.deepEqual((await b.follow(next)).data, [[1]]);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'authorization'), [`Authorization: ${basic('ann')}`]);
  });

  it('is asked for credentials by the coordinator when its polls brought none, and better ones go through', async (t) => {
    const { b, trino, route, page } = await aHeldStatementOnTwo(t, 'SELECT 1', ['Authorization', basic('ann')]);
    trino.failNext('POST', { status: 401, headers: ['WWW-Authenticate', 'Basic realm="x"'], body: 'who?' });
    const { answer } = await b.begin('GET', page.nextUri ?? '');
    route(runningOn(trino));
    const refused = await answer;
    assert.deepEqual([refused.status, linesOf(refused.rawHeaders, 'www-authenticate')], [401, ['WWW-Authenticate: Basic realm="x"']]);
    const real = await poll(b, page, ['Authorization', basic('ann')]);
    assert.ok(trino.queries.has(real.id));
  });
});

describe('the bounds of a gateway that takes a statement up', () => {
  it('hold: it waits for its place without being told that there is none', async (t) => {
    const { a, start, trino, route, page } = await aHeldStatementOnTwo(t);
    const narrow = await start({ limits: { perRuntime: 1, perUser: 1, totalBytes: 1e6 } });
    const first = await postHeld(narrow, 'SELECT 2');
    await kill(a);
    const again = await poll(narrow, page);
    assert.deepEqual([again.nextUri, again.stats['state']], [page.nextUri, 'QUEUED']);
    assert.equal((await narrow.send('DELETE', first.nextUri ?? '')).status, 204);
    const taken = await poll(narrow, again);
    assert.notEqual(taken.nextUri, page.nextUri);
    route(runningOn(trino));
    assert.deepEqual((await narrow.follow(taken)).data, [[1]]);
  });

  it('end with the patience, counted from the first arrival', async (t) => {
    const replicas = await createReplicas(t, 2, [anEntry({ state: 'RESUMING', patienceMs: 10_000 })]);
    const [a, b] = replicas.all as [Bench, Bench];
    const page = await postHeld(a);
    replicas.clock.advance(5_000);
    assert.equal((await poll(b, page)).stats['state'], 'QUEUED');
    replicas.clock.advance(60_000);
    const { error } = await poll(await replicas.start(), page);
    assert.deepEqual([error?.errorName, error?.errorCode], ['GENERIC_INSUFFICIENT_RESOURCES', 131_072]);
    assert.match(error?.message ?? '', /did not wake within 10 s/);
    assert.deepEqual(replicas.all[2]?.demands, []);
  });

  it('a gateway that knows no route yet lets it ask again', async (t) => {
    const { start, trino, page } = await aHeldStatementOnTwo(t);
    const fresh = await start({ routes: [] });
    assert.deepEqual((await poll(fresh, page)).nextUri, page.nextUri);
    fresh.route(runningOn(trino));
    assert.deepEqual((await fresh.follow(page)).data, [[1]]);
  });
});

describe('keys', () => {
  it('that were in force before still open, and a gateway that has them not yet lets the client ask again', async (t) => {
    const { start, trino, route, page } = await aHeldStatementOnTwo(t);
    const rotated = await start({ keys: () => createKeyRing({ current: aKey(2), others: [aKey(1)], isShared: true }) });
    const next = await poll(rotated, page);
    assert.equal(next.id, page.id);
    let ring = createKeyRing({ current: aKey(3), isShared: false, isComplete: false });
    const starting = await start({ keys: () => ring });
    assert.equal((await poll(starting, page)).nextUri, page.nextUri);
    ring = sharedKeys();
    route(runningOn(trino));
    assert.deepEqual((await starting.follow(page)).data, [[1]]);
  });

  it('that are unknown make an address like any wrong one: 404', async (t) => {
    const { start, page } = await aHeldStatementOnTwo(t);
    const stranger = await start({ keys: () => createKeyRing({ current: aKey(9), isShared: true }) });
    assert.equal((await stranger.send('GET', page.nextUri ?? '')).status, 404);
  });
});

describe('a statement that does not fit into an address, or has credentials that no poll brings', () => {
  const large = randomBytes(5_000).toString('base64');
  const kinds = [
    [large, []],
    ['SELECT 1', ['X-Trino-Extra-Credential', 'key=value']],
  ] as const;

  it('stays where it is; elsewhere the client is asked to ask again, and gets through', async (t) => {
    for (const [sql, headers] of kinds) {
      const { a, b, trino, route, page } = await aHeldStatementOnTwo(t, sql, headers);
      assert.ok((page.nextUri ?? '').length < 200);
      let next = page;
      for (let round = 0; round < 30; round += 1) {
        const startedAt = b.clock.now();
        assert.equal((await poll(b, next)).nextUri, next.nextUri);
        assert.ok(b.clock.now() - startedAt >= 500, 'never at once in a loop');
        next = await poll(a, next);
      }
      assert.equal((await b.send('HEAD', next.nextUri ?? '')).status, 200);
      route(runningOn(trino));
      assert.deepEqual((await a.follow(await poll(b, next))).data, [[1]]);
      assert.equal(trino.calls[0]?.body.toString(), sql);
    }
  });

  it('ends with a page that says what happened when that gateway is gone', async (t) => {
    for (const [sql, headers] of kinds) {
      const { a, b, clock, page } = await aHeldStatementOnTwo(t, sql, headers);
      await kill(a);
      const startedAt = clock.now();
      const { error, id } = await b.follow(page);
      assert.deepEqual([id, error?.errorName, error?.errorCode], [page.id, 'REMOTE_HOST_GONE', 65_558]);
      assert.match(error?.message ?? '', /is gone or was restarted.*has not run: run it again/);
      assert.ok(clock.now() - startedAt < 60_000);
      assert.equal((await b.send('DELETE', page.nextUri ?? '')).status, 204);
    }
  });

  it('is not taken by a gateway that stops, while one that fits goes on elsewhere', async (t) => {
    for (const [sql, status] of [
      [large, 503],
      ['SELECT 1', 200],
    ] as const) {
      const { a, b, trino, route } = await aHeldStatementOnTwo(t);
      const headers = ['Host', host, 'X-Trino-User', 'ann', 'Expect', '100-continue', 'Content-Length', String(sql.length)];
      const posting = request({ host: '127.0.0.1', port: a.port, method: 'POST', path: '/v1/statement', headers, agent: false });
      posting.flushHeaders();
      await once(posting, 'continue');
      const stopped = a.gateway.stop(5_000);
      posting.end(sql);
      const [answer] = (await once(posting, 'response')) as [IncomingMessage];
      assert.equal(answer.statusCode, status);
      const body = await text(answer);
      await stopped;
      route(runningOn(trino));
      if (status === 200) assert.deepEqual((await b.follow(JSON.parse(body) as Page)).data, [[1]]);
    }
  });
});

describe('what is told on the next page', () => {
  it('is told by any gateway, which has to keep nothing for it', async (t) => {
    const { a, b } = await aHeldStatementOnTwo(t);
    const page = await postHeld(a, 'SELECT 1', ['X-Trino-XTrinode', 'team/nobody']);
    for (const bench of [b, a, b]) {
      const { error, id } = await poll(bench, page);
      assert.deepEqual([id, error?.errorName], [page.id, 'QUERY_REJECTED']);
      assert.match(error?.message ?? '', /"team\/nobody" selects no runtime/);
    }
    assert.equal((await b.send('DELETE', page.nextUri ?? '')).status, 204);
  });
});

describe('what can be seen of it', () => {
  it('in the log of a request that fails is not its address', async (t) => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', format: 'json', write: (line) => lines.push(line) });
    const { a, b, start, trino, route, page } = await aHeldStatementOnTwo(t);
    await kill(a);
    const find = (): never => {
      throw new Error('no keys today');
    };
    const broken = await start({ log, keys: () => ({ ...sharedKeys(), find }) });
    assert.equal((await broken.send('GET', page.nextUri ?? '')).status, 502);
    const bench = await start({ log });
    route(runningOn(trino));
    await bench.follow(await poll(bench, page));
    await b.send('DELETE', page.nextUri ?? '');
    assert.ok(lines.length > 1);
    const [, , , , , address = ''] = new URL(page.nextUri ?? '').pathname.split('/');
    assert.match(address, /^x/);
    for (const line of lines) assert.ok(!line.includes(address) && !line.includes('SELECT'), line);
    assert.ok(lines.some((line) => line.includes(`/v1/statement/queued/${page.id}/...`)));
  });

  it('in its addresses is neither SQL nor user nor credentials [row 76]', async (t) => {
    const { page } = await aHeldStatementOnTwo(t, 'SELECT secret FROM vault', ['Authorization', 'Bearer tokentoken']);
    const slug = /0gw..\/([^/]+)\//.exec(page.nextUri ?? '')?.[1] ?? '';
    const seen = [
      JSON.stringify(page),
      ...slug.split('.').flatMap((part) => ['base64', 'hex'].map((as) => Buffer.from(part, as as 'hex').toString('latin1'))),
    ];
    for (const one of seen) assert.doesNotMatch(one, /SELECT|secret|vault|ann|Bearer|tokentoken/);
    const uri = page.nextUri ?? '';
    assert.ok(uri.startsWith(`http://${host}/v1/statement/queued/${page.id}/`) && !uri.includes('/executing'));
  });
});
