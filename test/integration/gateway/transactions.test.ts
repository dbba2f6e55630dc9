// An open transaction lives in one coordinator: every statement of it goes there, whichever gateway it comes through and whatever
// the routes say by then (trino-protocol 7.6, design D4).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { FakeTrino } from '../../fakes/fake-trino.ts';
import { aTrino, anEntry, linesOf, runningOn, type Bench } from './setup.ts';
import { createReplicas, type Replicas } from './replicas.ts';

const trinosId = '7f1a2c7e-0000-4000-8000-000000000001';

interface Opened extends Replicas {
  readonly a: Bench;
  readonly b: Bench;
  readonly trino: FakeTrino;
  /** As the client is to send it. */
  readonly id: string;
}

/** A transaction begun through one gateway of two, on the default runtime. */
async function anOpenTransaction(t: TestContext): Promise<Opened> {
  const trino = await aTrino(t);
  const replicas = await createReplicas(t, 2, [runningOn(trino)]);
  const [a, b] = replicas.all as [Bench, Bench];
  trino.script = { queuedPolls: 1, pages: [{ headers: ['X-Trino-Started-Transaction-Id', trinosId] }] };
  const executing = (await a.send('GET', (await a.post('START TRANSACTION')).page.nextUri ?? '')).page.nextUri ?? '';
  const answer = await a.send('GET', executing);
  return { ...replicas, a, b, trino, id: String(answer.headers['x-trino-started-transaction-id']) };
}

function statementIn(bench: Bench, id: string): ReturnType<Bench['post']> {
  return bench.post('SELECT 2', { headers: ['X-Trino-Transaction-Id', id] });
}

function transactionsSeenBy(trino: FakeTrino): string[] {
  return trino.calls.filter(({ method }) => method === 'POST').flatMap(({ rawHeaders }) => linesOf(rawHeaders, 'x-trino-transaction-id'));
}

describe('a statement of an open transaction', () => {
  it('reaches its coordinator under the id that Trino gave, through any gateway [row 78]', async (t) => {
    const { a, b, trino, id } = await anOpenTransaction(t);
    for (const bench of [a, b]) assert.notEqual((await statementIn(bench, id)).page.nextUri, undefined);
    assert.deepEqual(transactionsSeenBy(trino), Array(2).fill(`X-Trino-Transaction-Id: ${trinosId}`));
  });

  it('stays with its runtime when the default goes to another one [row 78]', async (t) => {
    const { b, trino, id, route } = await anOpenTransaction(t);
    const other = await aTrino(t, { coordinatorId: 'fghij' });
    route(runningOn(trino, { isDefault: false }), runningOn(other, { name: 'other', isDefault: true }));
    await statementIn(b, id);
    assert.deepEqual([transactionsSeenBy(trino).length, other.count('POST')], [1, 0]);
    await b.post('SELECT 3', { headers: ['X-Trino-Transaction-Id', 'NONE'] });
    assert.equal(other.count('POST'), 1);
  });

  it('stays with the coordinator of a former revision', async (t) => {
    const { b, trino, id, route } = await anOpenTransaction(t);
    const next = await aTrino(t, { coordinatorId: 'fghij' });
    route(runningOn(next, { instance: 'pod-2/0', retiring: [{ coordinatorId: 'abcde', coordinatorUrl: trino.url }] }));
    await statementIn(b, id);
    assert.deepEqual([transactionsSeenBy(trino).length, next.count('POST')], [1, 0]);
  });

  it('is told that the transaction is lost when its coordinator is gone, and goes to no other', async (t) => {
    const { a, b, id, route } = await anOpenTransaction(t);
    const next = await aTrino(t, { coordinatorId: 'fghij' });
    route(runningOn(next, { instance: 'pod-2/0' }));
    for (const bench of [a, b]) {
      const { error } = await bench.follow((await statementIn(bench, id)).page);
      assert.deepEqual([error?.errorName, error?.errorType], ['UNKNOWN_TRANSACTION', 'USER_ERROR']);
    }
    assert.equal(next.count('POST'), 0);
  });

  it('goes by its route when the client has the id from elsewhere: Trino says what it thinks of it', async (t) => {
    const { b, trino } = await anOpenTransaction(t);
    await statementIn(b, trinosId);
    assert.deepEqual(transactionsSeenBy(trino), [`X-Trino-Transaction-Id: ${trinosId}`]);
  });

  it('still needs a route of its own', async (t) => {
    const { b, id, route } = await anOpenTransaction(t);
    route(anEntry({ state: 'PAUSED', isDefault: false }));
    const { error } = await b.follow((await statementIn(b, id)).page);
    assert.equal(error?.errorName, 'QUERY_REJECTED');
  });
});
