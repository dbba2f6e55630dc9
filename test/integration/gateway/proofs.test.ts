// A coordinator that nobody has proven yet gets no client's statement: one that was restarted behind its route, and every one of
// a gateway that runs from a file. Design D16, conformance row 88.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { FakeTrino } from '../../fakes/fake-trino.ts';
import { aTrino, createBench, linesOf, runningOn, type Bench, type BenchOptions } from './setup.ts';

const noNodes = { queuedPolls: 1, pages: [{ errorName: 'NO_NODES_AVAILABLE' }] };
const works = { queuedPolls: 1, pages: [{ rows: [1] }] };

/** What the gateway asked on its own account, and for clients. */
function statements(trino: FakeTrino): { own: number; clients: number } {
  const posts = trino.calls.filter(({ method }) => method === 'POST');
  const own = posts.filter(({ rawHeaders }) => linesOf(rawHeaders, 'x-trino-user')[0] === 'X-Trino-User: xtrinode-operator').length;
  return { own, clients: posts.length - own };
}

/** Lets the gateway try until it has asked so many times; each try is 100 ms after the one before. */
async function untilTried(bench: Bench, trino: FakeTrino, times: number): Promise<void> {
  await bench.until(() => statements(trino).own > 0);
  while (statements(trino).own < times) {
    const { own } = statements(trino);
    await bench.until(() => bench.clock.pendingDelays().includes(100));
    bench.clock.advance(99);
    assert.equal(statements(trino).own, own);
    bench.clock.advance(1);
    await bench.until(() => statements(trino).own > own);
    assert.equal(statements(trino).own, own + 1);
  }
}

/** Its coordinator has just been restarted, takes statements and cannot run them; the route does not know yet. */
async function restarted(t: TestContext, options: BenchOptions = {}) {
  const trino = await aTrino(t, { coordinatorId: 'first' });
  const bench = await createBench(t, { routes: [runningOn(trino)], ...options });
  await trino.revive({ coordinatorId: 'again' });
  trino.script = noNodes;
  return { trino, bench };
}

describe('a coordinator that was restarted behind its route', () => {
  it('gets statements only when one of the gateway’s own has run, and what it took before never runs [row 88] [row 93]', async (t) => {
    const { trino, bench } = await restarted(t);
    const answer = bench.post('INSERT once');
    await untilTried(bench, trino, 3);
    assert.equal(statements(trino).clients, 1);
    trino.script = works;
    const { page } = await bench.drive(answer);
    assert.match(page.id, /_again$/);
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    assert.equal(statements(trino).clients, 2);
    assert.deepEqual(
      [...trino.queries.values()].filter(({ sql }) => sql === 'INSERT once').map(({ hasBegun }) => hasBegun),
      [false, true],
    );
    // Known from now on.
    const { own } = statements(trino);
    assert.match((await bench.post('SELECT 2')).page.id, /_again$/);
    assert.equal(statements(trino).own, own);
  });

  it('is asked by one at a time, every 100 ms, however many wait, and keeps its demand', async (t) => {
    const { trino, bench } = await restarted(t);
    const answers = Array.from({ length: 20 }, () => bench.post('SELECT 1'));
    await untilTried(bench, trino, 5);
    const { clients } = statements(trino);
    assert.equal(bench.demands[0]?.what, 'ask');
    trino.script = works;
    for (const { page } of await bench.drive(Promise.all(answers))) assert.match(page.id, /_again$/);
    assert.equal(statements(trino).clients, clients + 20);
    assert.equal(bench.demands.at(-1)?.what, 'end');
  });

  it('is asked no more when nobody waits, and again for the next who comes', async (t) => {
    const { trino, bench } = await restarted(t);
    const gone = new AbortController();
    const { answer } = await bench.begin('POST', '/v1/statement', {
      body: 'SELECT 1',
      headers: ['X-Trino-User', 'ann'],
      signal: gone.signal,
    });
    await bench.until(() => bench.clock.pendingDelays().includes(100));
    gone.abort();
    await assert.rejects(answer);
    await bench.until(() => bench.demands.at(-1)?.what === 'end');
    const { own } = statements(trino);
    bench.clock.advance(60_000);
    await bench.until(() => bench.clock.pendingDelays().length === 0);
    assert.ok(statements(trino).own <= own + 1);
    trino.script = works;
    assert.match((await bench.drive(bench.post('SELECT 1'))).page.id, /_again$/);
  });

  it('needs no proof of the gateway when the operator’s comes first', async (t) => {
    const { trino, bench } = await restarted(t);
    const answer = bench.post('SELECT 1');
    await bench.until(() => bench.clock.pendingDelays().includes(100));
    bench.route(runningOn(trino, { instance: 'pod-1/1' }));
    assert.match((await bench.drive(answer)).page.id, /_again$/);
    assert.deepEqual(statements(trino), { own: 1, clients: 2 });
  });

  it('through 476 is proven by two queries 6 s apart: it lists its own catalogs later than it runs its first', async (t) => {
    const { trino, bench } = await restarted(t);
    bench.route(runningOn(trino, { coordinatorId: 'first', trinoVersion: 476 }));
    trino.script = works;
    const answer = bench.post('SELECT 1');
    await bench.until(() => bench.clock.pendingDelays().includes(6_000));
    assert.deepEqual(statements(trino), { own: 1, clients: 1 });
    // Longer than a POST is kept open: its client learns that it waits.
    assert.deepEqual((await bench.follow((await bench.drive(answer)).page)).data, [[1]]);
    assert.deepEqual(statements(trino), { own: 2, clients: 2 });
  });

  it('is taken as ready when it wants credentials of whoever asks', async (t) => {
    const { trino, bench } = await restarted(t);
    const answer = bench.post('SELECT 1');
    trino.failNext('POST', { after: Promise.resolve() }, { status: 401, headers: ['WWW-Authenticate', 'Basic'] });
    assert.match((await bench.drive(answer)).page.id, /_again$/);
    assert.deepEqual(statements(trino), { own: 1, clients: 2 });
  });

  it('that stalls does not hold a statement beyond its patience', async (t) => {
    const { trino, bench } = await restarted(t);
    bench.route(runningOn(trino, { coordinatorId: 'first', patienceMs: 30_000 }));
    trino.failNext('POST', { after: Promise.resolve() }, ...Array.from({ length: 10 }, () => 'stall' as const));
    const { page } = await bench.drive(bench.post('SELECT 1'));
    assert.equal((await bench.follow(page)).error?.errorName, 'GENERIC_INSUFFICIENT_RESOURCES');
  });
});

describe('a gateway whose routes nobody has proven', () => {
  it('proves a coordinator itself before its first statement, whatever the route says of it', async (t) => {
    const trino = await aTrino(t);
    trino.script = noNodes;
    const bench = await createBench(t, { routes: [runningOn(trino)], trustsRoutes: false });
    await bench.until(() => statements(trino).own === 1 && bench.clock.pendingDelays().length === 0);
    const answer = bench.post('SELECT 1');
    await bench.until(() => bench.clock.pendingDelays().includes(100));
    trino.script = works;
    assert.deepEqual((await bench.follow((await bench.drive(answer)).page)).data, [[1]]);
    assert.equal(statements(trino).own >= 2, true);
  });

  it('asks each once when it starts, so that it knows whose queries are whose, and a dead one no more than that', async (t) => {
    const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
    const { coordinatorId: _a, ...entryA } = runningOn(a);
    const { coordinatorId: _b, ...entryB } = runningOn(b, { name: 'b' });
    const before = await createBench(t, { routes: [entryA, entryB], trustsRoutes: false });
    const { page } = await before.drive(before.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'team/b'] }));
    await a.die();
    const next = await createBench(t, { routes: [entryA, entryB], trustsRoutes: false });
    // It has been given up: all that comes is the question whether it answers again.
    await next.until(() => statements(b).own === 2 && next.clock.pendingDelays().join() === '1000');
    assert.deepEqual((await next.follow(page)).data, [[1]]);
  });
});
