// CALL system.runtime.kill_query through the gateway: whichever runtime the caller has chosen, the right one hears of it.
// Conformance rows 33, 34, 85 of the protocol.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { anEntry, asleep, aTrino, createBench, runningOn, type Answer, type Bench } from './setup.ts';

const onB = ['X-Trino-XTrinode', 'team/b'];

async function twoRunning(t: TestContext) {
  const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const bench = await createBench(t, { routes: [runningOn(a), runningOn(b, { name: 'b' })] });
  return { a, b, bench };
}

/** A statement that waits for runtime team/a, and what its client knows. */
async function aHeld(bench: Bench): Promise<Answer> {
  return bench.drive(bench.post('SELECT 1'));
}

/** The last page of a statement. */
async function run(bench: Bench, sql: string, headers: readonly string[] = []) {
  return bench.follow((await bench.drive(bench.post(sql, { headers }))).page);
}

describe('killing a query by its id', () => {
  it('reaches the coordinator that runs it, byte by byte, from wherever it is sent [row 33]', async (t) => {
    const { a, b, bench } = await twoRunning(t);
    const { id } = (await bench.post('SELECT 1', { headers: onB })).page;
    for (const [index, sql] of [
      `CALL system.runtime.kill_query('${id}')`,
      `/* é */ call "SYSTEM".runtime . kill_query(message => 'ü', query_id => '${id}') -- ж`,
    ].entries()) {
      const answer = await bench.post(sql);
      assert.match(answer.page.id, /_bbbbb$/);
      assert.equal(b.calls.at(-1)?.body.toString(), sql);
      assert.equal((await bench.follow(answer.page)).error, undefined);
      assert.equal(b.count('POST'), index + 2);
    }
    assert.equal(a.calls.length, 0);
  });

  it('reaches a coordinator that takes no new queries any more, and one of a former revision [row 33]', async (t) => {
    const { a, b, bench } = await twoRunning(t);
    const { id } = (await bench.post('SELECT 1', { headers: onB })).page;
    const retired = (await bench.post('SELECT 1')).page.id;
    bench.route(
      runningOn(b, { name: 'b', state: 'DRAINING' }),
      anEntry({ state: 'RESUMING', retiring: [{ coordinatorId: 'aaaaa', coordinatorUrl: a.url }] }),
    );
    assert.match((await bench.post(`CALL system.runtime.kill_query('${id}')`)).page.id, /_bbbbb$/);
    assert.match((await bench.post(`CALL system.runtime.kill_query('${retired}')`)).page.id, /_aaaaa$/);
    assert.deepEqual(bench.demands, []);
  });

  it('relays the coordinator’s challenge [row 33]', async (t) => {
    const { b, bench } = await twoRunning(t);
    const { id } = (await bench.post('SELECT 1', { headers: onB })).page;
    b.failNext('POST', { status: 401, headers: ['WWW-Authenticate', 'Basic realm="b"'] });
    const answer = await bench.post(`CALL system.runtime.kill_query('${id}')`);
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Basic realm="b"']);
  });

  it('of nobody’s query wakes nobody: an error of Trino’s, from a Trino where one runs [row 33]', async (t) => {
    const { a, bench } = await twoRunning(t);
    const sql = `CALL system.runtime.kill_query('20260101_000000_00000_zzzzz')`;
    await bench.post(sql);
    assert.equal(a.calls.at(-1)?.body.toString(), sql);
    bench.route(asleep);
    const { error } = await run(bench, sql);
    assert.deepEqual([error?.errorName, error?.message], ['NOT_FOUND', 'Target query not found: 20260101_000000_00000_zzzzz']);
    assert.deepEqual(bench.demands, []);
  });

  it('whose coordinator is gone or does not answer ends with an error that says so [row 33]', async (t) => {
    const { b, bench } = await twoRunning(t);
    const { id } = (await bench.post('SELECT 1', { headers: onB })).page;
    await b.die();
    const silent = await run(bench, `CALL system.runtime.kill_query('${id}')`);
    assert.equal(silent.error?.errorName, 'REMOTE_HOST_GONE');
    assert.match(silent.error.message, /^query \S+_bbbbb cannot be killed now: runtime team\/b does not answer \(.*ECONNREFUSED/);
    bench.route(anEntry({ state: 'PAUSED', name: 'b' }));
    assert.equal((await run(bench, `CALL system.runtime.kill_query('${id}')`)).error?.errorName, 'NOT_FOUND');
    assert.deepEqual(bench.demands, []);
  });

  it('is done only by a statement that plainly is that call [row 33]', async (t) => {
    const { a, b, bench } = await twoRunning(t);
    const { id } = (await bench.post('SELECT 1', { headers: onB })).page;
    for (const sql of [
      `SELECT 'CALL system.runtime.kill_query(''${id}'')'`,
      `CALL system.runtime.kill_query(lower('${id}'))`,
      `CALL system.runtime.kill_query('${id}', '${'x'.repeat(10_000)}')`,
    ])
      await bench.post(sql);
    assert.deepEqual([a.count('POST'), b.count('POST')], [3, 1]);
  });
});

describe('killing by the first id of a statement that was held', () => {
  it('ends it while it waits, by a call that goes well as in Trino, and ends its demand [row 34] [row 85]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const held = (await aHeld(bench)).page;
    const polled = await bench.begin('GET', held.nextUri ?? '');
    const demands = bench.demands.length;
    const call = (await bench.post(`CALL system.runtime.kill_query(query_id => '${held.id}', message => 'it''s späť')`)).page;
    assert.deepEqual([call.stats['state'], call.error], ['QUEUED', undefined]);
    const done = (await bench.send('GET', call.nextUri ?? '')).page;
    assert.deepEqual(done, { ...done, id: call.id, columns: [], updateType: 'CALL', warnings: [] });
    assert.deepEqual([done.stats['state'], done.nextUri, done.error], ['FINISHED', undefined, undefined]);
    // A client that lost the answer gets it again.
    assert.deepEqual((await bench.send('GET', call.nextUri ?? '')).page, done);
    const { error } = (await polled.answer).page;
    assert.deepEqual([error?.errorName, error?.errorCode], ['ADMINISTRATIVELY_KILLED', 38]);
    assert.equal(error?.message, "Query killed. Message: it's späť");
    assert.deepEqual(bench.demands.slice(demands), [{ what: 'end', runtime: 'team/a' }]);
    assert.equal(
      (await run(bench, `CALL system.runtime.kill_query('${held.id}')`)).error?.message,
      `Target query is not running: ${held.id}`,
    );
  });

  it('is refused to another user or without the same credentials, since ids can be guessed, and leaves the statement alone [row 34]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const credentials = ['Authorization', 'Basic YW5uOng='];
    const held = (await bench.drive(bench.post('SELECT 1', { headers: credentials }))).page;
    const demands = bench.demands.length;
    const sql = `CALL system.runtime.kill_query('${held.id}')`;
    const bob = await bench.drive(bench.send('POST', '/v1/statement', { body: sql, headers: ['X-Trino-User', 'bob', ...credentials] }));
    assert.equal((await bench.follow(bob.page)).error?.errorName, 'PERMISSION_DENIED');
    assert.equal((await run(bench, sql)).error?.errorName, 'PERMISSION_DENIED');
    assert.equal((await run(bench, sql, ['Authorization', 'Basic YW5uOnk='])).error?.errorName, 'PERMISSION_DENIED');
    assert.deepEqual(bench.demands.slice(demands), []);
    bench.route(runningOn(trino));
    assert.equal((await bench.follow(held)).error, undefined);
  });

  it('is granted to who shows the credentials of its newest poll [row 34]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const held = (await bench.drive(bench.post('SELECT 1', { headers: ['Authorization', 'Bearer old'] }))).page;
    await bench.drive(bench.send('GET', held.nextUri ?? '', { headers: ['Authorization', 'Bearer new'] }));
    const done = await run(bench, `CALL system.runtime.kill_query('${held.id}')`, ['Authorization', 'Bearer new']);
    assert.deepEqual([done.error, done.stats['state']], [undefined, 'FINISHED']);
  });

  it('of which nothing is known says so and wakes nothing [row 34]', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    const { error } = await run(bench, `CALL system.runtime.kill_query('20260101_000000_00000_0gwzz')`);
    assert.deepEqual([error?.errorName, error?.errorCode, error?.errorType], ['NOT_FOUND', 5, 'USER_ERROR']);
    assert.deepEqual(bench.demands, []);
  });

  it('reaches the real query after the hand-over, its id alone replaced [row 34] [row 85]', async (t) => {
    const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
    const bench = await createBench(t, { routes: [asleep, runningOn(b, { name: 'b' })] });
    const held = (await aHeld(bench)).page;
    bench.route(runningOn(a));
    const real = (await bench.drive(bench.send('GET', held.nextUri ?? ''))).page.id;
    assert.match(real, /_aaaaa$/);
    const sql = (id: string): string => `-- é '${held.id}'\nCALL kill_query(message => '${held.id} ü', query_id => '${id}')`;
    const session = ['X-Trino-Catalog', 'system', 'X-Trino-Schema', 'runtime'];
    const answer = await bench.post(sql(held.id), { headers: [...onB, ...session] });
    assert.match(answer.page.id, /_aaaaa$/);
    assert.equal(a.calls.at(-1)?.body.toString(), sql(real));
    assert.equal(b.calls.length, 0);
  });

  it('while it is being submitted deletes the real query, which never ran [row 34]', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const held = (await aHeld(bench)).page;
    let release = (): void => undefined;
    trino.failNext('POST', { after: new Promise<void>((resolve) => (release = resolve)) });
    bench.route(runningOn(trino));
    const polled = await bench.begin('GET', held.nextUri ?? '');
    await trino.called('POST');
    assert.equal((await run(bench, `CALL system.runtime.kill_query('${held.id}')`)).error, undefined);
    release();
    await trino.called('DELETE');
    assert.deepEqual(
      [...trino.queries.values()].map(({ hasBegun, isCanceled }) => [hasBegun, isCanceled]),
      [[false, true]],
    );
    assert.equal((await polled.answer).page.error?.errorName, 'ADMINISTRATIVELY_KILLED');
  });
});
