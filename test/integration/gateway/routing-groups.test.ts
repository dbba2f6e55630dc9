// Several runtimes behind one name: a routing group. Statements are shared out, what sleeps is woken one at a time, and a query
// stays where it is.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { anEntry, aTrino, createBench, runningOn, type Bench } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

const group = { routingGroup: 'bi', isDefault: false } as const;

interface Group {
  readonly a: FakeTrino;
  readonly b: FakeTrino;
  readonly bench: Bench;
}

/** Two awake runtimes; the first has the group's host name and header value. */
async function aGroup(t: TestContext, more: Partial<RouteEntry> = {}): Promise<Group> {
  const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const routes = [
    runningOn(a, { ...group, name: 'a', hosts: ['bi.example.com'], headerValues: ['team/a', 'bi'], ...more }),
    runningOn(b, { ...group, name: 'b', headerValues: ['team/b'], ...more }),
  ];
  return { a, b, bench: await createBench(t, { routes }) };
}

const byHost = { headers: ['Host', 'bi.example.com:8080'] };

describe('a routing group', () => {
  it('shares statements out over its awake runtimes, whichever of its names they come by', async (t) => {
    const { a, b, bench } = await aGroup(t);
    for (const ask of [byHost, { headers: ['X-Trino-XTrinode', 'bi'] }, byHost, byHost]) await bench.post('SELECT 1', ask);
    assert.deepEqual([a.count('POST'), b.count('POST')], [2, 2]);
  });

  it('gives more to the heavier one', async (t) => {
    const { a, b, bench } = await aGroup(t);
    bench.route(runningOn(b, { ...group, name: 'b', headerValues: ['team/b'], weight: 3 }));
    for (let statement = 0; statement < 8; statement += 1) await bench.post('SELECT 1', byHost);
    assert.deepEqual([a.count('POST'), b.count('POST')], [2, 6]);
  });

  it('is one runtime for who names that by namespace and name', async (t) => {
    const { a, b, bench } = await aGroup(t);
    for (let statement = 0; statement < 4; statement += 1) await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'team/b'] });
    assert.deepEqual([a.count('POST'), b.count('POST')], [0, 4]);
  });

  it('keeps a query at the runtime that has it', async (t) => {
    const { a, b, bench } = await aGroup(t);
    const pages = [await bench.post('SELECT 1', byHost), await bench.post('SELECT 1', byHost)];
    for (const { page } of pages) assert.deepEqual((await bench.follow(page)).error, undefined);
    assert.deepEqual([a.count('POST'), b.count('POST')], [1, 1]);
  });

  it('that sleeps wakes its smallest runtime alone, for many statements', async (t) => {
    const sleeping = (name: string, more: Partial<RouteEntry>): RouteEntry =>
      anEntry({ ...group, state: 'PAUSED', name, hosts: ['bi.example.com'], headerValues: [`team/${name}`], ...more });
    const bench = await createBench(t, { routes: [sleeping('large', { weight: 8 }), sleeping('small', { weight: 1 })] });
    await Promise.all(
      [1, 2, 3].map(() =>
        bench.drive(bench.send('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann', ...byHost.headers], body: 'SELECT 1' })),
      ),
    );
    assert.deepEqual([...new Set(bench.demands.map(({ runtime }) => runtime))], ['team/small']);
  });

  it('leaves a runtime that is about to sleep for one that is awake', async (t) => {
    const { a, b, bench } = await aGroup(t);
    bench.route(runningOn(a, { ...group, name: 'a', state: 'PAUSED', hosts: ['bi.example.com'], headerValues: ['team/a', 'bi'] }));
    for (let statement = 0; statement < 3; statement += 1) await bench.post('SELECT 1', byHost);
    assert.deepEqual([a.count('POST'), b.count('POST')], [0, 3]);
  });
});
