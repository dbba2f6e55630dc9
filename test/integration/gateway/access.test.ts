// Which runtimes those may use who came in: asked of the runtime that a request really goes to. Design D3, D12.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFileAccess } from '#gateway/admit/access.ts';
import { mayUse, parseAccessRules, type AccessRule } from '#gateway/admit/access-rules.ts';
import type { Guard } from '#gateway/admit/guard.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { aGuard, annsKey, supersetsKey } from './admit.ts';
import { createReplicas } from './replicas.ts';
import { anEntry, aTrino, createBench, runningOn } from './setup.ts';

const asAnn = ['X-API-Key', annsKey];
const asSuperset = ['X-API-Key', supersetsKey];

interface Ruled {
  readonly guard: Guard;
  set(...rules: readonly object[]): void;
}

/** ann: team/a and nothing else; superset: everything. */
function aRuledGuard(): Ruled {
  let rules: readonly AccessRule[] = [];
  const set: Ruled['set'] = (...more) => {
    const parsed = parseAccessRules(more);
    if (typeof parsed === 'string') throw new Error(parsed);
    rules = parsed;
  };
  set({ users: ['ann'], runtimes: ['team/a'] }, { users: ['superset'], runtimes: ['*/*'] });
  const access = {
    mayUse: (identity: Parameters<Guard['mayUse']>[0], runtime: Parameters<Guard['mayUse']>[1]) =>
      identity !== undefined && mayUse(rules, identity, runtime),
    isReady: () => true,
  };
  return { guard: aGuard({ access }), set };
}

/** A coordinator for each of team/a (the default) and team/b. */
async function twoRuntimes(t: TestContext, { guard }: Ruled) {
  const [a, b] = [await aTrino(t), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const bench = await createBench(t, { routes: [runningOn(a), runningOn(b, { name: 'b' })], guard });
  return { a, b, bench };
}

const toB = ['X-Trino-XTrinode', 'team/b'];

describe('who may not use a runtime', () => {
  it('is told so on a page, and neither runs nor wakes anything there', async (t) => {
    const { guard } = aRuledGuard();
    const bench = await createBench(t, { routes: [anEntry({ state: 'PAUSED', name: 'b' })], guard });
    const last = await bench.follow((await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asAnn, ...toB] })).page);
    assert.deepEqual([last.error?.errorName, last.error?.message], ['PERMISSION_DENIED', 'Access Denied: ann may not use runtime team/b']);
    assert.deepEqual(bench.demands, []);
  });

  it('takes no place among those who wait', async (t) => {
    const { guard } = aRuledGuard();
    const limits = { perRuntime: 0, perUser: 0, totalBytes: 1_000_000 };
    const bench = await createBench(t, { routes: [anEntry({ state: 'PAUSED', name: 'b' })], guard, limits });
    const last = await bench.follow((await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asAnn, ...toB] })).page);
    assert.equal(last.error?.errorName, 'PERMISSION_DENIED');
  });

  it('gets 403 to everything else about it, its queries by id included, but for pages whose address it has', async (t) => {
    const { b, bench } = await twoRuntimes(t, aRuledGuard());
    const { page } = await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asSuperset, ...toB] });
    const before = b.calls.length;
    for (const [method, path] of [
      ['GET', '/v1/query'],
      ['GET', '/ui/'],
      ['GET', `/v1/query/${page.id}`],
      ['DELETE', `/v1/query/${page.id}`],
      ['PUT', `/v1/query/${page.id}/killed`],
    ] as const)
      assert.equal((await bench.send(method, path, { headers: [...asAnn, ...toB] })).status, 403, `${method} ${path}`);
    assert.equal(b.calls.length, before);
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
  });

  it('cannot kill a query there from a runtime that it may use', async (t) => {
    const { b, bench } = await twoRuntimes(t, aRuledGuard());
    const { page } = await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asSuperset, ...toB] });
    const before = b.count('POST');
    const body = `CALL system.runtime.kill_query(query_id => '${page.id}')`;
    const last = await bench.follow((await bench.send('POST', '/v1/statement', { body, headers: asAnn })).page);
    assert.deepEqual([last.error?.errorName, b.count('POST')], ['PERMISSION_DENIED', before]);
  });

  it('does not come there by the id of a transaction', async (t) => {
    const { b, bench } = await twoRuntimes(t, aRuledGuard());
    b.script = { queuedPolls: 1, pages: [{ headers: ['X-Trino-Started-Transaction-Id', '7f1a2c7e-0000-4000-8000-000000000001'] }] };
    const begun = await bench.send('POST', '/v1/statement', { body: 'START TRANSACTION', headers: [...asSuperset, ...toB] });
    const executing = (await bench.send('GET', begun.page.nextUri ?? '')).page.nextUri ?? '';
    const id = String((await bench.send('GET', executing)).headers['x-trino-started-transaction-id']);
    const before = b.count('POST');
    const headers = [...asAnn, 'X-Trino-Transaction-Id', id];
    const last = await bench.follow((await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers })).page);
    assert.deepEqual([last.error?.message, b.count('POST')], ['Access Denied: ann may not use runtime team/b', before]);
  });

  it('does not come there by a name that several runtimes share', async (t) => {
    const [a, b] = [await aTrino(t), await aTrino(t, { coordinatorId: 'bbbbb' })];
    const shared = { routingGroup: 'team--pool', headerValues: ['pool'], isDefault: false };
    const { guard, set } = aRuledGuard();
    const bench = await createBench(t, { routes: [runningOn(a, shared), runningOn(b, { ...shared, name: 'b' })], guard });
    for (let turn = 0; turn < 6; turn += 1)
      await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asAnn, 'X-Trino-XTrinode', 'pool'] });
    assert.deepEqual([a.count('POST'), b.count('POST')], [6, 0]);
    set({ users: ['superset'], runtimes: ['team/a'] });
    const answer = await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: [...asAnn, 'X-Trino-XTrinode', 'pool'] });
    assert.equal((await bench.follow(answer.page)).error?.errorName, 'PERMISSION_DENIED');
  });
});

describe('a statement that waits', () => {
  it('is not handed over when its sender may no longer use the runtime', async (t) => {
    const ruled = aRuledGuard();
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [anEntry({ state: 'PAUSED' })], guard: ruled.guard });
    const { page } = await bench.drive(bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: asAnn }));
    ruled.set({ users: ['superset'], runtimes: ['*/*'] });
    bench.route(runningOn(trino));
    assert.deepEqual([(await bench.follow(page)).error?.errorName, trino.count('POST')], ['PERMISSION_DENIED', 0]);
  });

  it('goes on through another gateway under the one who sent it, also for somebody else', async (t) => {
    const { guard } = aRuledGuard();
    const trino = await aTrino(t);
    const replicas = await createReplicas(t, 0, [anEntry({ state: 'PAUSED' })]);
    const [first, second] = [await replicas.start({ guard }), await replicas.start({ guard })];
    const headers = [...asSuperset, 'X-Trino-User', 'bob'];
    const { page } = await first.drive(first.send('POST', '/v1/statement', { body: 'SELECT 1', headers }));
    replicas.route(runningOn(trino));
    assert.deepEqual((await second.follow(page)).data, [[1]]);
  });
});

describe('access rules', () => {
  it('are read again when their file changes, and a mistake or an emptied file changes nothing', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-access-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'access.json');
    const clock = createFakeClock();
    const access = createFileAccess({ file, parse: (text) => JSON.parse(text) as unknown, clock, log: silentLog });
    t.after(() => access.stop());
    const may = (name: string): boolean => access.mayUse({ name, groups: [] }, { namespace: 'team', name: 'a' });
    const write = async (text: string): Promise<void> => {
      writeFileSync(file, text);
      while (clock.pendingDelays().length === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    };
    await access.start();
    assert.deepEqual([access.isReady(), may('ann')], [false, false]);
    await write(JSON.stringify([{ users: ['ann'], runtimes: ['team/a'] }]));
    assert.deepEqual([access.isReady(), may('ann'), may('bob')], [true, true, false]);
    for (const bad of ['', '[]', '{', '[{"users":["bob"],"runtimes":["a"]}]']) {
      await write(bad);
      assert.deepEqual([may('ann'), may('bob')], [true, false]);
    }
  });
});
