// Coordinators that refuse, reset or stall: found out by one question, avoided, asked again, and back with their first answer. A
// client that goes is never evidence against anybody.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';
import { anEntry, aTrino, createBench, runningOn, type Bench } from './setup.ts';

const inGroup = { headers: ['X-Trino-XTrinode', 'bi'] };

function member(name: string, more: Partial<RouteEntry>): RouteEntry {
  return anEntry({ name, routingGroup: 'bi', headerValues: [`team/${name}`, 'bi'], isDefault: false, state: 'PAUSED', ...more });
}

interface Pair {
  readonly bench: Bench;
  /** Heavier, so the first to be picked. */
  readonly a: FakeTrino;
  readonly b: FakeTrino;
}

async function aPair(t: TestContext): Promise<Pair> {
  const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const bench = await createBench(t, {
    routes: [member('a', { ...runningOn(a), name: 'a', routingGroup: 'bi', headerValues: ['team/a', 'bi'], weight: 8 }), runningB(b)],
  });
  return { bench, a, b };
}

function runningB(b: FakeTrino): RouteEntry {
  return runningOn(b, { name: 'b', routingGroup: 'bi', headerValues: ['team/b', 'bi'], isDefault: false });
}

function ejectedOf(bench: Bench): readonly string[] {
  return bench.gateway.inspect().runtimes.flatMap(({ name, ejected }) => (ejected === undefined ? [] : [name]));
}

describe('a member of a routing group', () => {
  it('that refuses connections loses the statement to another one at once, and gets no more', async (t) => {
    const { bench, a, b } = await aPair(t);
    await a.die();
    const first = await bench.post('SELECT 1', inGroup);
    assert.match(first.page.id, /_bbbbb$/, 'the answer to the POST itself');
    await bench.until(() => ejectedOf(bench).length === 1);
    assert.deepEqual(ejectedOf(bench), ['a']);
    const refusedSoFar = bench.gateway.counts.upstream.refused;
    await bench.post('SELECT 2', inGroup);
    assert.deepEqual([b.queries.size, bench.gateway.counts.upstream.refused], [2, refusedSoFar], 'nobody has tried the dead one');
  });

  it('that breaks off after it has taken a statement never runs it, and another one does', async (t) => {
    const { bench, a, b } = await aPair(t);
    a.failNext('POST /v1/statement', 'reset-after-work');
    const { page } = await bench.post('SELECT 1', inGroup);
    await bench.follow(page);
    assert.deepEqual(
      [...a.queries.values()].map(({ hasBegun }) => hasBegun),
      [false],
    );
    assert.deepEqual(
      [...b.queries.values()].map(({ hasBegun }) => hasBegun),
      [true],
    );
    await bench.until(() => a.count('GET /v1/info') === 1);
    assert.deepEqual(ejectedOf(bench), [], 'one broken connection is not enough: it answers when it is asked');
  });

  it('that stalls is asked, given up, and its statement goes to another one', async (t) => {
    const { bench, a, b } = await aPair(t);
    a.failNext('POST /v1/statement', 'stall');
    a.failNext('GET /v1/info', 'stall');
    const post = bench.post('SELECT 1', inGroup);
    await a.called('POST /v1/statement');
    bench.clock.advance(3_000);
    await a.called('GET /v1/info');
    assert.equal(b.queries.size, 0);
    bench.clock.advance(2_000);
    await bench.until(() => ejectedOf(bench).length === 1);
    await bench.follow((await post).page);
    assert.deepEqual([a.queries.size, b.queries.size], [0, 1]);
  });

  it('is asked again after growing pauses, and has its share again with its first answer', async (t) => {
    const { bench, a } = await aPair(t);
    await a.die();
    await bench.post('SELECT 1', inGroup);
    await bench.until(() => ejectedOf(bench).length === 1);
    const failures = (): number => bench.gateway.counts.upstream.refused;
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = failures();
      bench.clock.advance(pauseMs - 1);
      assert.equal(failures(), before, 'not a moment earlier');
      bench.clock.advance(1);
      await bench.until(() => failures() === before + 1);
    }
    await a.revive({ isSameProcess: true });
    bench.clock.advance(30_000);
    await bench.until(() => ejectedOf(bench).length === 0);
    const before = a.queries.size;
    await bench.post('SELECT 2', inGroup);
    assert.equal(a.queries.size, before + 1);
  });

  it('that cannot start leaves what waits for it to one that can, which is woken for it', async (t) => {
    const bench = await createBench(t, { routes: [member('a', { state: 'RESUMING' }), member('b', {})] });
    const { page } = await bench.drive(bench.post('SELECT 1', inGroup));
    const failure = { reason: 'CrashLoop', message: 'no memory' };
    bench.route(member('a', { state: 'RESUMING', failure }));
    await bench.drive(bench.send('GET', page.nextUri ?? ''));
    assert.deepEqual(
      bench.demands.filter(({ what }) => what === 'ask').map(({ runtime }) => runtime),
      ['team/a', 'team/b'],
    );
    const b = await aTrino(t, { coordinatorId: 'bbbbb' });
    bench.route(runningB(b));
    assert.equal((await bench.follow(page)).error, undefined);
    assert.equal(b.queries.size, 1);
  });

  it('that a statement names by its own name keeps it, and says why it fails', async (t) => {
    const bench = await createBench(t, { routes: [member('a', { state: 'RESUMING' }), member('b', {})] });
    const { page } = await bench.drive(bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'team/a'] }));
    bench.route(member('a', { state: 'RESUMING', failure: { reason: 'CrashLoop', message: 'no memory' } }));
    assert.match((await bench.follow(page)).error?.message ?? '', /team\/a cannot start: no memory/);
  });
});

describe('a runtime that is alone', () => {
  it('and dies makes new statements wait for its restart, which is told at once', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    await trino.die();
    const { page } = await bench.drive(bench.post('SELECT 1'));
    assert.deepEqual(ejectedOf(bench), ['a']);
    await trino.revive({ isSameProcess: true });
    assert.equal((await bench.follow(page)).error, undefined);
    assert.deepEqual(ejectedOf(bench), []);
  });

  it('and answers 503 from in front of it is asked too', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    trino.failNext('POST /v1/statement', { status: 503 });
    trino.failNext('GET /v1/info', { status: 503 });
    const { page } = await bench.drive(bench.post('SELECT 1'));
    assert.equal((await bench.follow(page)).error, undefined);
    assert.equal(bench.gateway.counts.of('team/a').ejections, 1);
  });
});

describe('a client', () => {
  it('that hangs up mid-poll, however often, is no evidence against the coordinator', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('SELECT 1');
    for (let turn = 1; turn <= 50; turn += 1) {
      trino.failNext('GET /v1/statement', 'stall');
      const leaving = new AbortController();
      const poll = bench.send('GET', page.nextUri ?? '', { signal: leaving.signal });
      await trino.called('GET /v1/statement', turn);
      leaving.abort();
      await assert.rejects(poll);
      await bench.until(() => trino.abandoned === turn);
    }
    assert.deepEqual([trino.count('GET /v1/info'), ejectedOf(bench)], [0, []]);
    assert.equal((await bench.follow(page)).error, undefined);
  });
});

describe('without evidence', () => {
  it('nothing is asked and no timer runs', async (t) => {
    const { bench, a, b } = await aPair(t);
    await bench.follow((await bench.post('SELECT 1', inGroup)).page);
    bench.clock.advance(600_000);
    assert.deepEqual([a.count('GET /v1/info') + b.count('GET /v1/info'), bench.clock.pendingDelays()], [0, []]);
  });
});
