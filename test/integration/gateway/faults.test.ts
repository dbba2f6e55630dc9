// Coordinators that die, restart or fall silent under running queries, and a gateway that stops (trino-protocol section 8 and
// section 9, rows 22-24, 86-96; failure table of the design).
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { aTrino, anEntry, asleep, createBench, runningOn, type Bench, type Page } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

interface Running {
  readonly trino: FakeTrino;
  readonly bench: Bench;
  /** The first page with an executing address: the query runs. */
  readonly page: Page;
}

async function aRunningQuery(t: TestContext, isOnlyReplica = true): Promise<Running> {
  const trino = await aTrino(t);
  trino.script = { queuedPolls: 1, pages: [{ rows: [1] }, { rows: [2] }] };
  const bench = await createBench(t, { routes: [runningOn(trino)], isOnlyReplica });
  const first = (await bench.post('SELECT 1')).page;
  return { trino, bench, page: (await bench.send('GET', first.nextUri ?? '')).page };
}

function assertLost(page: Page, id: string, why: RegExp): void {
  const { error, nextUri, stats } = page;
  assert.deepEqual(
    [error?.errorName, error?.errorCode, error?.errorType, nextUri, stats['state']],
    ['REMOTE_HOST_GONE', 65_558, 'INTERNAL_ERROR', undefined, 'FAILED'],
  );
  assert.match(error?.message ?? '', why);
  assert.ok(error?.message.includes(id) === true);
}

describe('a coordinator that does not answer', () => {
  it('is bridged with pages that ask for the very same page again, and no row is lost or doubled [row 23]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.die();
    const startedAt = bench.clock.now();
    let bridges = 0;
    while (bench.clock.now() - startedAt < 60_000) {
      const bridge = (await bench.drive(bench.send('GET', page.nextUri ?? ''))).page;
      assert.deepEqual([bridge.nextUri, bridge.id, bridge.data, bridge.error], [page.nextUri, page.id, undefined, undefined]);
      bridges += 1;
    }
    assert.ok(bridges <= 60, 'never at once in a loop');
    await trino.revive({ isSameProcess: true });
    const first = (await bench.send('GET', page.nextUri ?? '')).page;
    assert.deepEqual(first.data, [[1]]);
    assert.deepEqual((await bench.follow(first)).data, [[2]]);
  });

  it('is given up after two minutes with an error page', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.die();
    assertLost(await bench.follow(page), page.id, /has not answered for 12\d s/);
  });

  it('is given up promptly when the operator says that it is gone', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.die();
    bench.route(anEntry({ state: 'RESUMING', failure: { reason: 'OutOfMemory', message: 'its container was killed' } }));
    assertLost(await bench.follow(page), page.id, /its container was killed/);
  });

  it('is given up promptly, too, when the operator says that the runtime waits for its next process [row 87]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.die();
    bench.route(anEntry({ state: 'RESUMING' }));
    assertLost(await bench.follow(page), page.id, /ended while the query ran/);
  });

  it('is not given up while it is of a former revision that still answers for its queries', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    const next = await aTrino(t, { coordinatorId: 'other' });
    bench.route(runningOn(next, { retiring: [{ coordinatorId: trino.coordinatorId, coordinatorUrl: trino.url }] }));
    await trino.die();
    assert.equal((await bench.drive(bench.send('GET', page.nextUri ?? ''))).page.nextUri, page.nextUri);
    await trino.revive({ isSameProcess: true });
    assert.deepEqual((await bench.follow(page)).data, [[2]]);
  });

  it('lets a cancel be done with', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.die();
    assert.equal((await bench.drive(bench.send('DELETE', page.nextUri ?? ''))).status, 204);
  });
});

describe('a coordinator that restarted', () => {
  it('is told from its new id in the route table [row 88]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.revive({ coordinatorId: 'other' });
    bench.route(runningOn(trino, { instance: 'pod-1/1' }));
    assertLost(await bench.follow(page), page.id, /was restarted/);
    assert.equal(trino.calls.filter(({ path }) => path.includes(page.id)).length, 1, 'the new process never hears of the old one’s query');
  });

  it('is told from its own words when the route table lags behind [row 88]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.revive({ coordinatorId: 'other' });
    assertLost(await bench.follow(page), page.id, /was restarted/);
  });

  it('is told from its uptime when its Trino does not say its id [row 88]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    trino.info.hidesId = true;
    await trino.revive({ coordinatorId: 'other' });
    bench.clock.advance(60_000);
    assertLost(await bench.follow(page), page.id, /was restarted/);
  });

  it('but the same process is believed when it says 404', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    trino.queries.get(page.id);
    const answer = await bench.send('GET', (page.nextUri ?? '').replace(/\/0$/, '/9'));
    assert.deepEqual([answer.status, answer.text], [404, 'Query not found']);
    trino.failNext('GET', { status: 410, body: 'Gone' });
    assert.equal((await bench.send('GET', page.nextUri ?? '')).status, 410);
  });

  it('between the POST and the first page lets the statement run on the next one, unseen by the client [row 89]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('INSERT');
    await trino.revive({ coordinatorId: 'other' });
    bench.route(runningOn(trino, { instance: 'pod-1/1' }));
    const last = await bench.follow(page);
    assert.deepEqual(last.data, [[1]]);
    assert.deepEqual(
      [...trino.queries.values()].map(({ sql, hasBegun }) => [sql, hasBegun]),
      [['INSERT', true]],
    );
  });

  it('also when it is refused only, and the next one is long in coming', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('INSERT');
    await trino.die();
    const queued = (await bench.drive(bench.send('GET', page.nextUri ?? ''))).page;
    assert.match(queued.id, /_0gwgz$/);
    bench.route(anEntry({ state: 'RESUMING' }));
    await trino.revive({ coordinatorId: 'other' });
    const { answer } = await bench.begin('GET', queued.nextUri ?? '');
    bench.route(runningOn(trino, { instance: 'pod-1/1' }));
    assert.deepEqual((await bench.follow((await answer).page)).data, [[1]]);
  });

  it('but never when a page was asked for that may have begun it, nor where another replica may have asked', async (t) => {
    for (const [isOnlyReplica, hasAsked] of [
      [true, true],
      [false, false],
    ] as const) {
      const trino = await aTrino(t);
      const bench = await createBench(t, { routes: [runningOn(trino)], isOnlyReplica });
      const { page } = await bench.post('INSERT');
      if (hasAsked) {
        trino.failNext(
          'GET /v1/statement',
          'reset-before-head',
          'reset-before-head',
          'reset-before-head',
          'reset-before-head',
          'reset-before-head',
          'reset-before-head',
        );
        assert.equal((await bench.drive(bench.send('GET', page.nextUri ?? ''))).page.nextUri, page.nextUri);
      }
      await trino.revive({ coordinatorId: 'other' });
      bench.route(runningOn(trino, { instance: 'pod-1/1' }));
      assertLost(await bench.follow(page), page.id, /was restarted/);
      assert.equal(trino.queries.size, 0);
    }
  });
});

describe('statuses that end clients never reach them on statement paths', () => {
  it('whatever stands between gateway and coordinator [row 90]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    for (const status of [408, 429, 502, 503, 504]) {
      trino.failNext('GET /v1/statement', ...Array.from({ length: 5 }, () => ({ status, headers: ['Retry-After', '0'] })));
      const answer = await bench.drive(bench.send('GET', page.nextUri ?? ''));
      assert.deepEqual([answer.status, answer.page.nextUri, answer.headers['retry-after']], [200, page.nextUri, undefined]);
    }
    for (const status of [408, 429, 502, 503, 504]) {
      trino.failNext('POST', { status, headers: ['Retry-After', '0'] });
      const answer = await bench.drive(bench.post('SELECT 1'));
      assert.equal(answer.status, 200);
      assert.ok(answer.page.nextUri !== undefined);
    }
  });
});

describe('a runtime that is being put to sleep or deleted', () => {
  it('still serves the queries it knows, while new ones wait [row 92]', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    bench.route(runningOn(trino, { state: 'PAUSED' }));
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    assert.deepEqual((await bench.follow(page)).data, [[2]]);
    bench.clock.advance(1_000);
    assert.equal((await answer).page.stats['state'], 'QUEUED');
    assert.equal(trino.count('POST'), 1);
    assert.equal(
      (await bench.send('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann', 'X-Trino-Transaction-Id', 'tx'], body: 'COMMIT' }))
        .status,
      200,
    );
    assert.equal(trino.count('POST'), 2, 'an open transaction is let finish');
  });

  it('and that is gone gets its known queries a prompt error', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    await trino.stop();
    bench.route(anEntry({ state: 'REMOVED' }));
    assertLost(await bench.follow(page), page.id, /was deleted/);
  });
});

describe('a gateway that stops', () => {
  it('answers at once those who wait, and ends its connections and its demand [row 91]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const post = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    bench.clock.advance(1_000);
    const { page } = await post.answer;
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const poll = await bench.begin('GET', page.nextUri ?? '', { agent });
    const stopped = bench.gateway.stop(5_000);
    const answer = await poll.answer;
    assert.equal(answer.page.stats['state'], 'QUEUED');
    assert.equal(answer.headers.connection, 'close');
    await stopped;
    assert.equal(bench.demands.at(-1)?.what, 'end');
    assert.deepEqual(bench.clock.pendingDelays(), []);
    await assert.rejects(bench.send('GET', '/readyz'));
  });

  it('lets a page that streams finish', async (t) => {
    const { trino, bench, page } = await aRunningQuery(t);
    trino.failNext('GET', 'stall');
    const answer = bench.send('GET', page.nextUri ?? '');
    await trino.called('GET', 2);
    const stopped = bench.gateway.stop(5_000);
    trino.failNext('GET', { status: 200, headers: ['X-Late', 'yes'], body: '{}' });
    bench.clock.advance(4_999);
    assert.equal(bench.clock.pendingDelays()[0], 1);
    bench.clock.advance(1);
    await assert.rejects(answer, 'what takes longer than the grace is cut');
    await stopped;
  });
});
