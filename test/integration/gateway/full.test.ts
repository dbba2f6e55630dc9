// Full runtimes: `maxRunning` of a runtime, the line of those who wait for a place, and what they are told of it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { anEntry, aTrino, createBench, runningOn, type Answer, type Bench, type Begun } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

interface Full {
  readonly trino: FakeTrino;
  readonly bench: Bench;
  readonly as: (user: string, sql: string) => Promise<Begun>;
}

async function aBounded(t: TestContext, maxRunning: number, more: Partial<RouteEntry> = {}): Promise<Full> {
  const trino = await aTrino(t);
  const bench = await createBench(t, { routes: [runningOn(trino, { maxRunning, ...more })] });
  const as = (user: string, sql: string): Promise<Begun> =>
    bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', user], body: sql });
  return { trino, bench, as };
}

const submitted = (trino: FakeTrino): string[] => [...trino.queries.values()].map(({ sql }) => sql);
const isHeld = ({ page }: Answer): boolean => page.id.includes('_0gw');

describe('a full runtime', () => {
  it('lets as many queries run as it may, and the next one the moment that one of them has given its last page', async (t) => {
    const { trino, bench, as } = await aBounded(t, 2);
    const running = [await bench.post('one'), await bench.post('two')];
    const third = await as('ann', 'three');
    assert.deepEqual(submitted(trino), ['one', 'two']);
    const before = bench.clock.now();
    await bench.follow((running[0] as Answer).page);
    assert.equal((await third.answer).page.nextUri?.includes('_0gw'), false, 'answered with its real id');
    assert.equal(bench.clock.now() - before < 100, true, 'without waiting for a timer');
    assert.deepEqual(submitted(trino), ['one', 'two', 'three']);
  });

  it('the same when its pages are packed, and when a query is cancelled', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    trino.script.pages = [{ rows: [1], isGzip: true }];
    let page = (await bench.post('one')).page;
    const second = await as('ann', 'two');
    while (page.nextUri !== undefined) {
      const { body, headers } = await bench.send('GET', page.nextUri, { headers: ['Accept-Encoding', 'gzip'] });
      if (headers['content-encoding'] === 'gzip') break;
      page = JSON.parse(body.toString()) as typeof page;
    }
    const { nextUri = '' } = (await second.answer).page;
    const third = await as('ann', 'three');
    await bench.send('DELETE', nextUri);
    assert.equal(isHeld(await third.answer), false);
    assert.deepEqual(submitted(trino), ['one', 'two', 'three']);
  });

  it('gives its places in turn by user, and in the order of arrival within each', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    let { page } = await bench.post('first');
    const waiting: Begun[] = [];
    for (const [user, sql] of [
      ['ann', 'a1'],
      ['ann', 'a2'],
      ['ann', 'a3'],
      ['bob', 'b1'],
      ['eve', 'e1'],
      ['bob', 'b2'],
    ] as const)
      waiting.push(await as(user, sql));
    const left = waiting.map(({ answer }) => answer.then(({ page: next }) => next));
    for (let turn = 0; turn < waiting.length; turn += 1) {
      await bench.follow(page);
      await bench.until(() => trino.queries.size === turn + 2);
      const sql = submitted(trino).at(-1) ?? '';
      page = await (left[['a1', 'a2', 'a3', 'b1', 'e1', 'b2'].indexOf(sql)] as Promise<typeof page>);
    }
    assert.deepEqual(submitted(trino), ['first', 'a1', 'b1', 'e1', 'a2', 'b2', 'a3']);
  });

  it('tells who waits in which position, and why in a warning, where the client does not break on one that later pages lack', async (t) => {
    const { bench } = await aBounded(t, 1);
    await bench.post('one');
    const agents = ['Trino Python Client/0.340.0', 'Trino JDBC Driver/476', 'trino-cli/476'];
    const waiting: Begun[] = [];
    for (const agent of agents)
      waiting.push(await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann', 'User-Agent', agent], body: 'SELECT 1' }));
    bench.clock.advance(5_000);
    const pages = await Promise.all(waiting.map(async ({ answer }) => (await answer).page));
    assert.deepEqual(
      pages.map(({ warnings }) => warnings),
      [
        ...['1st', '2nd'].map((position) => [
          {
            warningCode: { code: 0x0700_0000, name: 'WAITING_FOR_RUNTIME' },
            message: `runtime team/a is full: 1 of 1 queries run; you are ${position}`,
          },
        ]),
        [],
      ],
    );
    assert.deepEqual(
      pages.map(({ stats }) => stats['queuedSplits']),
      [1, 2, 3],
    );
  });

  it('keeps the turn of a client that is between two polls, and does not wait for it', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    const running = await bench.post('one');
    const away = await as('ann', 'away');
    bench.clock.advance(5_000);
    const { page } = await away.answer;
    const here = await as('ann', 'here');
    await bench.follow(running.page);
    const next = (await here.answer).page;
    assert.deepEqual(submitted(trino), ['one', 'here']);
    const later = await as('ann', 'later');
    const back = await bench.begin('GET', page.nextUri ?? '');
    await bench.follow(next);
    await back.answer;
    assert.deepEqual(submitted(trino), ['one', 'here', 'away']);
    later.answer.catch(() => undefined);
  });

  it('passes over a client that has gone, and submits nothing for it', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    const running = await bench.post('one');
    const leaving = new AbortController();
    const gone = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'gone', signal: leaving.signal });
    const next = await as('ann', 'next');
    leaving.abort();
    await gone.answer.catch(() => undefined);
    await bench.until(() => bench.gateway.inspect().runtimes[0]?.queued === 1);
    await bench.follow(running.page);
    await next.answer;
    assert.deepEqual(submitted(trino), ['one', 'next']);
  });

  it('counts queries whose hand-over it has not seen, and a place of a client that vanished is free after a while', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    const elsewhere = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await elsewhere.post('taken over');
    await bench.send('GET', page.nextUri ?? '');
    const second = await as('ann', 'two');
    assert.deepEqual(submitted(trino), ['taken over']);
    bench.clock.advance(5_000);
    let { page: waiting } = await second.answer;
    while (isHeld({ page: waiting } as Answer)) ({ page: waiting } = await bench.drive(bench.send('GET', waiting.nextUri ?? '')));
    assert.deepEqual(submitted(trino), ['taken over', 'two']);
  });

  it('ends a wait that is longer than the patience with QUERY_QUEUE_FULL and how to go on', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1, { patienceMs: 8_000 });
    trino.script.queuedPolls = 1_000;
    const one = await bench.post('one');
    const second = await as('ann', 'two');
    bench.clock.advance(5_000);
    // A query that is still asked for keeps its place.
    await bench.send('GET', one.page.nextUri ?? '');
    const last = await bench.follow((await second.answer).page);
    assert.ok(last.error !== undefined, JSON.stringify(last));
    assert.deepEqual([last.error.errorName, last.error.errorType], ['QUERY_QUEUE_FULL', 'INSUFFICIENT_RESOURCES']);
    assert.match(last.error.message, /team\/a had no place for this query within 8 s \(spec.wakePatience\): it runs at most 1 at a time/);
  });

  it('takes no more when its bound is lowered, and more when it is raised', async (t) => {
    const { trino, bench, as } = await aBounded(t, 1);
    await bench.post('one');
    const second = await as('ann', 'two');
    bench.route(runningOn(trino, { maxRunning: 2 }));
    await second.answer;
    assert.deepEqual(submitted(trino), ['one', 'two']);
    bench.route(runningOn(trino, { maxRunning: 1 }));
    const third = await as('ann', 'three');
    bench.route(runningOn(trino));
    await third.answer;
    assert.deepEqual(submitted(trino), ['one', 'two', 'three']);
  });
});

describe('a runtime that many have waited for', () => {
  it('is asked again by one of them, soon after it has turned one away, and then by all', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [anEntry({ state: 'RESUMING' })] });
    const waiting: Begun[] = [];
    for (const sql of ['one', 'two', 'three'])
      waiting.push(await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: sql }));
    const before = bench.clock.now();
    trino.failNext('POST', { status: 503 }, { status: 503 }, { status: 503 }, { status: 503 });
    bench.route(runningOn(trino));
    const answers = await Promise.all(waiting.map(({ answer }) => bench.drive(answer)));
    assert.equal(answers.some(isHeld), false);
    // Pauses of 100 and 200 ms, in the steps in which the test's clock goes.
    assert.equal(bench.clock.now() - before < 500, true, `${bench.clock.now() - before} ms`);
    assert.deepEqual(submitted(trino).toSorted(), ['one', 'three', 'two']);
  });

  it('gets their statements in their order and a few at a time, and the next one when one of these is taken', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [anEntry({ state: 'RESUMING' })] });
    const waiting: Begun[] = [];
    const names = Array.from({ length: 40 }, (_, index) => `statement ${index}`);
    for (const sql of names) waiting.push(await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: sql }));
    const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<void>();
    trino.failNext('POST', ...names.map(() => ({ after: mayAnswer })));
    const posted = (): string[] => trino.calls.filter(({ method }) => method === 'POST').map(({ body }) => body.toString());
    bench.route(runningOn(trino));
    await bench.until(() => posted().length >= 32);
    // Any more of them would have come by then.
    for (let rounds = 0; rounds < 3; rounds += 1) await bench.send('GET', '/v1/info');
    assert.deepEqual(posted().toSorted(), names.slice(0, 32).toSorted(), 'those who came first');
    letAnswer();
    const answers = await Promise.all(waiting.map(({ answer }) => answer));
    assert.equal(answers.some(isHeld), false);
    assert.deepEqual(submitted(trino).toSorted(), names.toSorted());
  });
});

describe('a routing group whose awake runtimes are full', () => {
  it('wakes another one, and only then', async (t) => {
    const trino = await aTrino(t);
    const group = { routingGroup: 'bi', isDefault: false, hosts: ['bi.example.com'] } as const;
    const routes = [
      runningOn(trino, { ...group, name: 'a', maxRunning: 2 }),
      anEntry({ ...group, state: 'PAUSED', name: 'b', weight: 2 }),
      anEntry({ ...group, state: 'PAUSED', name: 'c', weight: 1 }),
    ];
    const bench = await createBench(t, { routes });
    const byHost = { headers: ['Host', 'bi.example.com'] };
    await bench.post('one', byHost);
    await bench.post('two', byHost);
    assert.deepEqual(bench.demands, []);
    const { page } = await bench.drive(bench.post('three', byHost));
    assert.equal(isHeld({ page } as Answer), true);
    assert.deepEqual([...new Set(bench.demands.map(({ runtime }) => runtime))], ['team/c']);
  });
});
