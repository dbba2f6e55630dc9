// How many statements a gateway takes of one user, from one address and for one runtime, and what it never counts.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createStatementRates, type StatementRateInit } from '#gateway/admit/statement-rates.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { aGuard, annsKey, supersetsKey } from './admit.ts';
import { anEntry, aTrino, createBench, runningOn, type Bench, type Page } from './setup.ts';

async function aLimitedBench(t: TestContext, rates: Omit<StatementRateInit, 'clock'>) {
  const clock = createFakeClock();
  const trino = await aTrino(t);
  const countStatement = createStatementRates({ ...rates, clock });
  const routes = [runningOn(trino), runningOn(trino, { name: 'b' }), anEntry({ state: 'PAUSED', name: 'asleep' })];
  return { trino, clock, bench: await createBench(t, { routes, clock, countStatement }) };
}

const perMinute = { count: 2, periodMs: 60_000 };

function post(bench: Bench, user: string, ...headers: readonly string[]): Promise<Page> {
  return bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: ['X-Trino-User', user, ...headers] }).then(({ page }) => page);
}

describe('a rate of statements', () => {
  it('per user ends the next one with an error page that says when to come again, and not those of others', async (t) => {
    const { trino, bench, clock } = await aLimitedBench(t, { perUser: perMinute });
    for (let turn = 0; turn < 2; turn += 1) assert.deepEqual((await bench.follow(await post(bench, 'ann'))).data, [[1]]);
    const before = trino.calls.length;
    const last = await bench.follow(await post(bench, 'ann'));
    assert.deepEqual([last.error?.errorName, trino.calls.length], ['QUERY_QUEUE_FULL', before]);
    const seconds = Number(/too many statements of user ann: .* Try again in (\d+) s\.$/.exec(last.error?.message ?? '')?.[1]);
    assert.ok(seconds > 28 && seconds <= 30, String(seconds));
    assert.deepEqual((await bench.follow(await post(bench, 'bob'))).data, [[1]]);
    clock.advance(seconds * 1_000);
    assert.deepEqual((await bench.follow(await post(bench, 'ann'))).data, [[1]]);
  });

  it('per runtime and per address counts everybody, and what one refuses the others do not count', async (t) => {
    const ofRuntime = await aLimitedBench(t, { perRuntime: { count: 1, periodMs: 60_000 }, perAddress: perMinute });
    await post(ofRuntime.bench, 'ann');
    const refused = await ofRuntime.bench.follow(await post(ofRuntime.bench, 'bob'));
    assert.match(refused.error?.message ?? '', /of runtime team\/a/);
    // Else this would be the third of the address.
    assert.deepEqual((await ofRuntime.bench.follow(await post(ofRuntime.bench, 'bob', 'X-Trino-XTrinode', 'team/b'))).data, [[1]]);
    const third = await ofRuntime.bench.follow(await post(ofRuntime.bench, 'eve', 'X-Trino-XTrinode', 'team/b'));
    assert.match(third.error?.message ?? '', /of client address 127\.0\.0\.1/);
  });

  it('wakes nothing for a statement that it refuses', async (t) => {
    const { bench } = await aLimitedBench(t, { perUser: { count: 1, periodMs: 60_000 } });
    await post(bench, 'ann');
    await bench.follow(await post(bench, 'ann', 'X-Trino-XTrinode', 'team/asleep'));
    assert.deepEqual(bench.demands, []);
  });

  it('counts no polls, no kills and no health', async (t) => {
    const once = { count: 1, periodMs: 60_000 };
    const { trino, bench } = await aLimitedBench(t, { perUser: once, perAddress: once, perRuntime: once });
    trino.script = { queuedPolls: 50, pages: [{ rows: [1] }] };
    const page = await post(bench, 'ann');
    for (const path of ['/readyz', '/v1/info', '/healthz', '/livez']) assert.equal((await bench.send('GET', path)).status, 200, path);
    const before = trino.count('POST');
    await bench.post(`CALL system.runtime.kill_query('${page.id}')`);
    assert.equal(trino.count('POST'), before + 1);
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
  });

  it('per user is of who came in, whatever name it acts under', async (t) => {
    const clock = createFakeClock();
    const countStatement = createStatementRates({ perUser: perMinute, clock });
    const bench = await createBench(t, { routes: [runningOn(await aTrino(t))], clock, countStatement, guard: aGuard() });
    for (const user of ['bob', 'eve']) await post(bench, user, 'X-API-Key', supersetsKey);
    const last = await bench.follow(await post(bench, 'joe', 'X-API-Key', supersetsKey));
    assert.match(last.error?.message ?? '', /of user superset/);
    assert.deepEqual((await bench.follow(await post(bench, 'ann', 'X-API-Key', annsKey))).data, [[1]]);
  });
});
