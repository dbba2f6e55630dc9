// Spooled results: segments and their acknowledgements are asked for without header, query id or credentials, by another client than
// the one of the query. Their addresses, which the coordinator makes, say whose they are.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { findXTrinodeProblems } from '#apis/v1/xtrinode.rules.ts';
import { anEntry, aTrino, createBench, linesOf, runningOn, type Bench } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

interface Spooled {
  readonly other: FakeTrino;
  readonly trino: FakeTrino;
  readonly bench: Bench;
  /** What the addresses of a query's segments begin with. */
  readonly base: string;
}

/** team/b has run a query of a client that named it by header; team/a is the default. */
async function spooled(t: TestContext): Promise<Spooled> {
  const [other, trino] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const routes = [runningOn(other), runningOn(trino, { name: 'b' })];
  const bench = await createBench(t, { routes });
  const headers = ['X-Trino-XTrinode', 'team/b', 'X-Trino-Query-Data-Encoding', 'json+zstd', 'Authorization', 'Bearer x'];
  await bench.follow((await bench.post('SELECT 1', { headers })).page);
  const page = trino.calls.find(({ path }) => path.startsWith('/v1/statement/executing/'));
  const prefixes = linesOf(page?.rawHeaders ?? [], 'x-forwarded-prefix');
  assert.equal(prefixes.length, 1, 'the page with the data is asked for with the prefix that its segments get');
  return { other, trino, bench, base: `${bench.origin}${(prefixes[0] ?? '').replace('X-Forwarded-Prefix: ', '')}/v1/spooled` };
}

const token = 'GsV4DMYLX_J8eR_nPVKCef7tEjcYY2COFSSLV4MJPCo=';

describe('a spooled segment', () => {
  it('is acknowledged at its runtime, by the address alone, at any replica [row 35]', async (t) => {
    const { other, trino, bench, base } = await spooled(t);
    const replica = await createBench(t, { routes: [runningOn(other), runningOn(trino, { name: 'b' })], shard: 'hz' });
    for (const gateway of [bench, replica]) assert.equal((await gateway.send('GET', `${base}/ack/${token}`)).status, 200);
    assert.equal(trino.count(`GET /v1/spooled/ack/${token}`), 2);
    assert.deepEqual(linesOf(trino.calls.at(-1)?.rawHeaders ?? [], 'authorization', 'x-trino-user'), []);
    assert.deepEqual(other.calls, []);
  });

  it('comes through the coordinator byte by byte [row 36]', async (t) => {
    const { trino, bench, base } = await spooled(t);
    const segment = randomBytes(3_000_001);
    trino.failNext('GET /v1/spooled/download/', { status: 200, headers: ['Content-Type', 'application/octet-stream'], body: segment });
    const answer = await bench.send('GET', `${base}/download/${token}`);
    assert.equal(answer.headers['content-length'], String(segment.length));
    assert.equal(answer.headers['content-encoding'], undefined);
    assert.ok(answer.body.equals(segment));
  });

  it('in the store is the client’s own matter: 303 as it is, followed by nobody here [row 37]', async (t) => {
    const { trino, bench, base } = await spooled(t);
    const location = 'http://127.0.0.1:1/trino-spool/x.json%2Bzstd?X-Amz-Signature=a%2Fb&partNumber=1';
    trino.failNext('GET /v1/spooled/download/', { status: 303, headers: ['Location', location] });
    const answer = await bench.send('GET', `${base}/download/${token}`);
    assert.deepEqual([answer.status, linesOf(answer.rawHeaders, 'location')], [303, [`Location: ${location}`]]);
    assert.equal(trino.count('GET /v1/spooled/'), 1);
  });

  it('is never at an address of a worker: a runtime with that mode is refused [row 38]', () => {
    const spec = { size: 'xs', version: '483', spooling: { location: 's3://spool', retrievalMode: 'WORKER_PROXY' } };
    assert.deepEqual(
      findXTrinodeProblems(spec).map(({ message }) => message),
      [
        'must be one of STORAGE, COORDINATOR_STORAGE_REDIRECT, COORDINATOR_PROXY; WORKER_PROXY would send clients to addresses that they cannot reach',
      ],
    );
  });

  it('of a runtime that sleeps is acknowledged at once and wakes nobody; it cannot be downloaded [row 39]', async (t) => {
    const { trino, bench, base } = await spooled(t);
    const before = trino.calls.length;
    bench.route(anEntry({ name: 'b', state: 'PAUSED' }));
    assert.equal((await bench.send('GET', `${base}/ack/${token}`)).status, 200);
    assert.equal((await bench.send('GET', `${base}/download/${token}`)).status, 503);
    assert.deepEqual([trino.calls.length, bench.demands], [before, []]);
  });

  it('of a runtime that goes to sleep is served while its coordinator is there', async (t) => {
    const { trino, bench, base } = await spooled(t);
    bench.route(runningOn(trino, { name: 'b', state: 'PAUSED' }));
    trino.failNext('GET /v1/spooled/download/', { status: 200, body: 'rows' });
    assert.equal((await bench.send('GET', `${base}/download/${token}`)).text, 'rows');
  });

  it('whose address names no runtime reaches nobody, whatever runs [row 40]', async (t) => {
    const { other, trino, bench } = await spooled(t);
    const before = trino.calls.length;
    for (const prefix of ['', '/rt/nobody']) assert.equal((await bench.send('GET', `${prefix}/v1/spooled/ack/${token}`)).status, 404);
    assert.deepEqual([trino.calls.length, other.calls.length], [before, 0]);
  });
});
