// A runtime that sleeps: clients wait and never fail (trino-protocol section 9, rows 30, 55-81; design D3, D8).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { aTrino, anEntry, asleep, createBench, linesOf, runningOn, type Bench, type Page } from './setup.ts';

/** Lets the POST's own hold pass, and returns the page that says it waits. */
async function postHeld(bench: Bench, headers: readonly string[] = []): Promise<Page> {
  const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann', ...headers], body: 'SELECT 1' });
  bench.clock.advance(1_000);
  const { page, status } = await answer;
  assert.equal(status, 200);
  assert.equal(page.stats['state'], 'QUEUED');
  return page;
}

async function aHeldStatement(t: TestContext, entry: RouteEntry = asleep): Promise<{ bench: Bench; page: Page }> {
  const bench = await createBench(t, { routes: [entry] });
  return { bench, page: await postHeld(bench) };
}

const waking = anEntry({ state: 'RESUMING' });

describe('a statement for a sleeping runtime', () => {
  it('that is ready in time shows the client nothing but the real query [row 56]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [waking] });
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    bench.route(runningOn(trino));
    const { page } = await answer;
    assert.ok(trino.queries.has(page.id));
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    assert.deepEqual(
      bench.demands.map(({ what }) => what),
      ['ask', 'end'],
    );
  });

  it('is answered within the hold of the POST with a page that every client accepts [row 57] [row 58]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    bench.clock.advance(1_000);
    const { page, headers, body, rawHeaders } = await answer;
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(body.length));
    assert.equal(headers['cache-control'], 'no-store');
    assert.ok(!rawHeaders.some((name) => /^x-trino-/i.test(name)));
    assert.match(page.id, /^[0-9]{8}_[0-9]{6}_[0-9]{5}_0gwgz$/);
    assert.deepEqual(Object.keys(page).sort(), ['id', 'infoUri', 'nextUri', 'stats', 'warnings']);
    assert.ok(page.nextUri?.startsWith(`${bench.origin}/v1/statement/queued/${page.id}/`));
    assert.equal(page.infoUri, `${bench.origin}/ui/query.html?${page.id}`);
    const { state, queued, scheduled, ...counters } = page.stats;
    assert.deepEqual(
      { state, queued, scheduled, warnings: page.warnings },
      { state: 'QUEUED', queued: true, scheduled: false, warnings: [] },
    );
    assert.ok(Object.values(counters).every((value) => Number.isInteger(value)));
    assert.equal(counters['queuedTimeMillis'], counters['elapsedTimeMillis']);
  });

  it('is handed over in the middle of a poll, which is then answered at once [row 60]', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    const { answer } = await bench.begin('GET', page.nextUri ?? '');
    bench.route(runningOn(trino));
    const real = (await answer).page;
    assert.ok(trino.queries.has(real.id));
    assert.deepEqual((await bench.follow(real)).data, [[1]]);
    assert.deepEqual([trino.count('POST'), trino.queries.size], [1, 1]);
  });

  it('is never answered at once, nor later than 20 s, and its token moves on [row 59]', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    let uri = page.nextUri ?? '';
    for (const [agent, leastMs] of [
      ['', 1_000],
      ['', 1_000],
      ['', 1_000],
      ['', 3_000],
      ['Go-http-client/1.1', 18_000],
    ] as const) {
      const { answer } = await bench.begin('GET', uri, { headers: ['User-Agent', agent] });
      let isAnswered = false;
      void answer.then(() => (isAnswered = true));
      bench.clock.advance(leastMs - 1);
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isAnswered, false, `${agent} before ${leastMs} ms`);
      bench.clock.advance(1);
      const next = (await answer).page;
      assert.equal(next.stats['state'], 'QUEUED');
      assert.notEqual(next.nextUri, uri);
      uri = next.nextUri ?? '';
    }
  });

  it('gives a repeated poll the same page, and 410 or 404 to what was never or long ago [row 20]', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    const poll = async (uri: string): Promise<string | undefined> => {
      const { answer } = await bench.begin('GET', uri);
      bench.clock.advance(3_000);
      return (await answer).page.nextUri;
    };
    const second = (await poll(page.nextUri ?? '')) ?? '';
    assert.equal(await poll(page.nextUri ?? ''), second);
    await poll(second);
    assert.equal((await bench.send('GET', page.nextUri ?? '')).status, 410);
    assert.equal((await bench.send('GET', (page.nextUri ?? '').replace(/\/x[0-9a-f]{40}/, `/x${'0'.repeat(40)}`))).status, 404);
    assert.equal((await bench.send('GET', (page.nextUri ?? '').replace(page.id, '20260101_000000_00009_0gwgz'))).status, 404);
  });

  it('is submitted once however many of its polls wait, and the answer is repeated to a client that lost it [row 62]', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    const polls = [];
    for (let index = 0; index < 5; index += 1) polls.push((await bench.begin('GET', page.nextUri ?? '')).answer);
    bench.route(runningOn(trino));
    const texts = (await Promise.all(polls)).map(({ text }) => text);
    assert.equal(new Set(texts).size, 1);
    assert.equal((await bench.send('GET', page.nextUri ?? '')).text, texts[0]);
    assert.deepEqual([trino.count('POST'), trino.count('GET')], [1, 0]);
  });

  it('waits until a coordinator that refuses connections comes back, with demand meanwhile', async (t) => {
    const trino = await aTrino(t);
    await trino.die();
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.drive(bench.post('SELECT 1'));
    assert.equal(page.stats['state'], 'QUEUED');
    assert.ok(bench.demands.length > 0 && bench.demands.every(({ what, runtime }) => what === 'ask' && runtime === 'team/a'));
    await trino.revive({ coordinatorId: 'fghij' });
    const last = await bench.follow(page);
    assert.deepEqual(last.data, [[1]]);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
  });

  it('is submitted again when the coordinator broke off before answering, and only one of its queries runs', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    trino.failNext('POST', 'reset-after-work', { status: 503, body: 'starting' });
    const { page } = await bench.drive(bench.post('INSERT'));
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    assert.equal([...trino.queries.values()].filter(({ hasBegun }) => hasBegun).length, 1);
  });

  it('waits on when the coordinator does not answer at all', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    trino.failNext('POST', 'stall');
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    await trino.called('POST');
    bench.clock.advance(5_000);
    const { page } = await answer;
    assert.equal(page.stats['state'], 'QUEUED', 'the POST is answered before any client gives up on it');
    bench.clock.advance(15_000);
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
  });

  it('does not make thousands knock at a coordinator that turns them away', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    const pages = [page];
    for (let index = 0; index < 19; index += 1) pages.push(await postHeld(bench));
    trino.failNext('POST', ...Array.from({ length: 100 }, () => ({ status: 503 })));
    bench.route(runningOn(trino));
    const polls = pages.map(({ nextUri }) => bench.send('GET', nextUri ?? ''));
    await Promise.all(polls.map((poll) => bench.drive(poll)));
    assert.ok(trino.count('POST') <= 20 + 25, `${trino.count('POST')} submissions`);
  });

  it('is told why when the runtime cannot start, on a GET page', async (t) => {
    const { bench, page } = await aHeldStatement(t, waking);
    bench.route({ ...waking, failure: { reason: 'CatalogBroken', message: 'catalog x is broken' } });
    const { error } = await bench.follow(page);
    assert.deepEqual([error?.errorName, error?.errorCode, error?.errorType], ['SERVER_STARTING_UP', 65_548, 'INTERNAL_ERROR']);
    assert.match(error?.message ?? '', /team\/a cannot start: catalog x is broken/);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
  });

  it('wakes a runtime whose last start failed', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t, { ...asleep, failure: { reason: 'Old', message: 'no longer' } });
    bench.route(runningOn(trino));
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
  });

  it('ends at the end of the patience with an error page [row 69]', async (t) => {
    const bench = await createBench(t, { routes: [anEntry({ state: 'RESUMING', patienceMs: 10_000, note: 'pulling images' })] });
    const { error } = await bench.follow(await postHeld(bench));
    assert.deepEqual(
      [error?.errorName, error?.errorCode, error?.errorType],
      ['GENERIC_INSUFFICIENT_RESOURCES', 131_072, 'INSUFFICIENT_RESOURCES'],
    );
    assert.match(error?.message ?? '', /team\/a did not wake within 10 s .*pulling images/);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
  });

  it('ends with the runtime when that is deleted', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    bench.route(anEntry({ state: 'DRAINING' }));
    assert.equal((await bench.follow(page)).error?.errorName, 'QUERY_REJECTED');
  });

  it('of a transaction that slept away is told so, and wakes nothing [row 77]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const { page } = await bench.post('SELECT 1', { headers: ['X-Trino-Transaction-Id', 'tx1'] });
    const { error } = await bench.follow(page);
    assert.deepEqual([error?.errorName, error?.errorCode], ['UNKNOWN_TRANSACTION', 20]);
    assert.deepEqual(bench.demands, []);
  });
});

describe('refusals known at the POST come on the next page', () => {
  const wakesNothing = async (bench: Bench, page: Page, errorName: string, errorCode: number): Promise<void> => {
    assert.equal(page.stats['state'], 'QUEUED');
    const { error, nextUri, stats } = await bench.follow(page);
    assert.deepEqual([error?.errorName, error?.errorCode, nextUri, stats['state']], [errorName, errorCode, undefined, 'FAILED']);
    assert.deepEqual(bench.demands, []);
  };

  it('no such runtime [row 70]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    await wakesNothing(bench, (await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'team/nobody'] })).page, 'QUERY_REJECTED', 31);
  });

  it('a statement over 16 MiB [row 71]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    await wakesNothing(bench, (await bench.post('x'.repeat(16 * 1024 * 1024 + 1))).page, 'QUERY_TEXT_TOO_LARGE', 35);
  });

  it('a coordinator that was not configured for us [row 13] [row 14] [row 90]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    for (const fault of [
      { status: 406, body: 'X-Forwarded-Host' },
      { status: 302, headers: ['Location', 'https://elsewhere'] },
      { status: 200, body: '' },
      { status: 200, body: '{"id":"20260101_000000_00000_abcde","nextUri":"http://10.0.0.1:8080/v1/statement/queued/x/y/1"}' },
    ]) {
      trino.failNext('POST', fault);
      await wakesNothing(bench, (await bench.post('SELECT 1')).page, 'GENERIC_INTERNAL_ERROR', 65_536);
    }
  });

  it('an error in the coordinator’s own answer [row 70]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const error = { message: 'm', errorName: 'SYNTAX_ERROR', errorCode: 1, errorType: 'USER_ERROR' };
    trino.failNext('POST', { status: 200, body: JSON.stringify({ id: '20260101_000000_00000_abcde', error, stats: { state: 'FAILED' } }) });
    await wakesNothing(bench, (await bench.post('SELEC')).page, 'SYNTAX_ERROR', 1);
  });

  it('too many of one user, while others are served [row 72]', async (t) => {
    const bench = await createBench(t, { routes: [asleep], limits: { perRuntime: 3, perUser: 2, totalBytes: 1e6 } });
    const first = await postHeld(bench);
    await postHeld(bench);
    assert.equal((await bench.follow((await bench.post('SELECT 1')).page)).error?.errorName, 'QUERY_QUEUE_FULL');
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'bob'], body: 'SELECT 1' });
    bench.clock.advance(1_000);
    assert.equal((await answer).page.stats['state'], 'QUEUED');
    const full = await bench.post('SELECT 1', { headers: ['X-Trino-User', 'cy'] });
    assert.match((await bench.follow(full.page)).error?.message ?? '', /3 statements already wait/);
    await bench.send('DELETE', first.nextUri ?? '');
    assert.equal((await postHeld(bench)).stats['state'], 'QUEUED', 'a place that was given up is free');
  });

  it('and the memory for held statements is bounded [row 97]', async (t) => {
    const bench = await createBench(t, { routes: [asleep], limits: { perRuntime: 99, perUser: 99, totalBytes: 100_000 } });
    const { page } = await bench.post('x'.repeat(200_000));
    assert.equal((await bench.follow(page)).error?.errorName, 'QUERY_QUEUE_FULL');
  });

  it('but nobody’s statement is refused outright, with a challenge', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const answer = await bench.send('POST', '/v1/statement', { body: 'SELECT 1' });
    assert.deepEqual([answer.status, linesOf(answer.rawHeaders, 'www-authenticate')], [401, ['WWW-Authenticate: Basic realm="Trino"']]);
    assert.deepEqual(bench.demands, []);
  });
});

describe('cancelling', () => {
  it('a waiting statement ends its demand at once and submits nothing [row 65]', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    const { answer } = await bench.begin('GET', page.nextUri ?? '');
    assert.equal((await bench.send('DELETE', page.nextUri ?? '')).status, 204);
    const { error } = (await answer).page;
    assert.deepEqual([error?.errorName, error?.errorCode, error?.errorType], ['USER_CANCELED', 3, 'USER_ERROR']);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
    bench.route(runningOn(trino));
    assert.equal((await bench.follow(page)).error?.errorName, 'USER_CANCELED');
    assert.equal(trino.count('POST'), 0);
  });

  it('by the first id works as well', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    assert.equal((await bench.send('DELETE', `/v1/query/${page.id}`, { headers: ['X-Trino-User', 'ann'] })).status, 204);
    assert.equal((await bench.follow(page)).error?.errorName, 'USER_CANCELED');
  });

  it('by the first id is refused to another user, since ids can be guessed', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    assert.equal((await bench.send('DELETE', `/v1/query/${page.id}`, { headers: ['X-Trino-User', 'eve'] })).status, 404);
    assert.equal((await bench.drive(bench.send('GET', page.nextUri ?? ''))).page.stats?.state, 'QUEUED');
  });

  it('while it is being submitted deletes the real query, which never ran [row 66]', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    let release = (): void => undefined;
    trino.failNext('POST', { after: new Promise((resolve) => (release = resolve)) });
    const { answer } = await bench.begin('GET', page.nextUri ?? '');
    bench.route(runningOn(trino));
    await trino.called('POST');
    assert.equal((await bench.send('DELETE', page.nextUri ?? '')).status, 204);
    assert.equal((await answer).page.error?.errorName, 'USER_CANCELED');
    release();
    await bench.until(() => [...trino.queries.values()].some(({ isCanceled }) => isCanceled));
    assert.ok([...trino.queries.values()].every(({ hasBegun }) => !hasBegun));
  });

  it('by the held address or the first id after the hand-over reaches the real query [row 67] [row 79]', async (t) => {
    const trino = await aTrino(t);
    for (const path of [(page: Page): string => page.nextUri ?? '', (page: Page): string => `/v1/query/${page.id}`]) {
      const { bench, page } = await aHeldStatement(t);
      const { answer } = await bench.begin('GET', page.nextUri ?? '');
      bench.route(runningOn(trino));
      const real = (await answer).page;
      await bench.send('GET', real.nextUri ?? '');
      assert.equal((await bench.send('DELETE', path(page))).status, 204);
      await bench.until(() => trino.queries.get(real.id)?.isCanceled === true);
    }
  });
});

describe('demand', () => {
  it('is one wish for any number of waiters, renewed while they wait', async (t) => {
    const { bench } = await aHeldStatement(t, waking);
    for (let index = 0; index < 5; index += 1) await postHeld(bench);
    const before = bench.demands.length;
    assert.ok(before <= 6, `${before} calls`);
    bench.clock.advance(4_000);
    await bench.until(() => bench.demands.length > before);
    assert.deepEqual(bench.demands.at(-1), {
      what: 'ask',
      runtime: 'team/a',
      waiting: 6,
      arrivedAt: bench.demands.at(-1)?.arrivedAt,
      user: 'ann',
    });
  });

  it('tells of a newer statement within a second, for a runtime put to sleep meanwhile', async (t) => {
    const { bench } = await aHeldStatement(t);
    await postHeld(bench);
    bench.clock.advance(1_000);
    await bench.until(() => bench.demands.length === 2);
    assert.ok((bench.demands[1]?.arrivedAt ?? 0) > (bench.demands[0]?.arrivedAt ?? 0));
  });

  it('is asked for again soon when the API server is away', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    bench.failDemand(2);
    await postHeld(bench);
    assert.deepEqual(bench.demands, []);
    for (let index = 0; index < 2 && bench.demands.length === 0; index += 1) {
      await bench.until(() => bench.clock.pendingDelays().includes(500) || bench.demands.length > 0);
      bench.clock.advance(500);
    }
    await bench.until(() => bench.demands.length === 1);
  });

  it('ends at once when the client goes during its POST, and leaves nothing behind [row 96]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const leaving = new AbortController();
    const { answer } = await bench.begin('POST', '/v1/statement', {
      headers: ['X-Trino-User', 'ann'],
      body: 'SELECT 1',
      signal: leaving.signal,
    });
    await bench.until(() => bench.demands.length === 1);
    leaving.abort();
    await assert.rejects(answer);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
    bench.clock.advance(5_000);
    assert.deepEqual(bench.clock.pendingDelays(), []);
    bench.route(runningOn(trino));
    assert.equal(trino.count('POST'), 0);
  });

  it('ends seconds after the client closed its connection in the middle of a poll', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    const leaving = new AbortController();
    const { answer } = await bench.begin('GET', page.nextUri ?? '', { signal: leaving.signal });
    leaving.abort();
    await assert.rejects(answer);
    await bench.until(() => bench.gateway.inspect().openRequests === 0);
    bench.clock.advance(4_000);
    assert.ok(bench.demands.every(({ what }) => what === 'ask'));
    bench.clock.advance(2_000);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
  });

  it('outlasts the pause of the Go client between two polls', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    for (let second = 0; second < 20; second += 1) {
      bench.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(bench.demands.every(({ what }) => what === 'ask'));
    bench.clock.advance(7_000);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
    bench.route(runningOn(trino));
    assert.deepEqual((await bench.follow(page)).data, [[1]], 'who comes later still is served');
  });

  it('of a client that never asks again ends, nothing of it runs, and it is told so when it comes back [row 64]', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    bench.route(runningOn(trino));
    for (let minute = 0; minute < 6; minute += 1) bench.clock.advance(60_000);
    const { error } = await bench.follow(page);
    assert.deepEqual([error?.errorName, error?.errorCode, error?.errorType], ['ABANDONED_QUERY', 2, 'USER_ERROR']);
    assert.equal(trino.calls.length, 0);
  });

  it('is kept by a HEAD on the held address [row 68]', async (t) => {
    const { bench, page } = await aHeldStatement(t);
    bench.clock.advance(20_000);
    assert.equal((await bench.send('HEAD', page.nextUri ?? '')).status, 200);
    bench.clock.advance(20_000);
    assert.ok(bench.demands.every(({ what }) => what === 'ask'));
  });
});

describe('credentials refused at the hand-over', () => {
  it('are asked for on the poll with the coordinator’s own challenges, and better ones go through [row 73] [row 75]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const page = await postHeld(bench, ['Authorization', 'Bearer old']);
    trino.failNext('POST', { status: 401, headers: ['WWW-Authenticate', 'Bearer a', 'WWW-Authenticate', 'Basic b'], body: 'expired' });
    bench.route(runningOn(trino));
    const uri = page.nextUri ?? '';
    const refused = await bench.send('GET', uri, { headers: ['Authorization', 'Bearer old'] });
    assert.deepEqual(
      [refused.status, linesOf(refused.rawHeaders, 'www-authenticate')],
      [401, ['WWW-Authenticate: Bearer a', 'WWW-Authenticate: Basic b']],
    );
    assert.equal((await bench.send('GET', uri, { headers: ['Authorization', 'Bearer old'] })).status, 401);
    assert.equal(trino.count('POST'), 1, 'the same credentials are not tried again');
    const real = await bench.send('GET', uri, { headers: ['Authorization', 'Bearer new'] });
    assert.ok(trino.queries.has(real.page.id));
    assert.deepEqual(linesOf(trino.calls.at(-1)?.rawHeaders ?? [], 'authorization'), ['Authorization: Bearer new']);
  });

  it('do not keep the demand for the runtime up', async (t) => {
    const trino = await aTrino(t);
    const { bench, page } = await aHeldStatement(t);
    trino.failNext('POST', { status: 403, body: 'no' });
    bench.route(runningOn(trino));
    assert.equal((await bench.send('GET', page.nextUri ?? '')).status, 403);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
  });
});
