// Prefix mode: the first part of the path selects the runtime, for platforms without host names, and every address that comes
// of it, the coordinator's and the gateway's own, carries it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { anEntry, aTrino, createBench, linesOf, runningOn, type Bench } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

interface Two {
  readonly a: FakeTrino;
  readonly b: FakeTrino;
  readonly bench: Bench;
}

/** Two awake runtimes: team/a is the default, team/b has a header value and, unless it says otherwise, no host name. */
async function two(t: TestContext, more: Partial<RouteEntry> = {}): Promise<Two> {
  const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const routes = [runningOn(a), runningOn(b, { name: 'b', headerValues: ['team/b', 'sales'], ...more })];
  return { a, b, bench: await createBench(t, { routes }) };
}

const asAnn = ['X-Trino-User', 'ann'];
const path = '/v1/statement';

describe('a query of a coordinator whose id nobody has told this gateway', () => {
  it('is found by the address that its page has, on a gateway that never saw its POST, and not where another id is known', async (t) => {
    const trino = await aTrino(t, { coordinatorId: 'ccccc' });
    const { coordinatorId: _none, ...untold } = runningOn(trino);
    const [one, other] = [await createBench(t, { routes: [untold] }), await createBench(t, { routes: [untold] })];
    const { page } = await one.send('POST', path, { headers: asAnn, body: 'SELECT 1' });
    assert.equal((await other.send('GET', (page.nextUri ?? '').replace(one.origin, other.origin))).status, 200);
    const stranger = await createBench(t, { routes: [runningOn(trino, { coordinatorId: 'ddddd' })] });
    assert.equal((await stranger.send('GET', (page.nextUri ?? '').replace(one.origin, stranger.origin))).status, 404);
  });
});

describe('a path that selects a runtime', () => {
  for (const prefix of ['/rt/sales', '/rt/team.b'])
    it(`${prefix}: the coordinator gets the path without it and makes addresses with it`, async (t) => {
      const { a, b, bench } = await two(t);
      const { page } = await bench.send('POST', `${prefix}${path}`, { headers: asAnn, body: 'SELECT 1' });
      assert.equal(page.nextUri?.startsWith(`${bench.origin}${prefix}/v1/statement/queued/`), true);
      assert.equal(page.infoUri.startsWith(`${bench.origin}${prefix}/ui/query.html?`), true);
      assert.equal((await bench.follow(page)).error, undefined);
      assert.deepEqual([a.calls.length, b.calls.every(({ path }) => path.startsWith('/v1/'))], [0, true]);
      for (const { rawHeaders } of b.calls) assert.deepEqual(linesOf(rawHeaders, 'x-forwarded-prefix'), [`X-Forwarded-Prefix: ${prefix}`]);
    });

  it('goes before the host name', async (t) => {
    const { a, bench } = await two(t, { hosts: ['b.example.com'] });
    await bench.send('POST', `/rt/team.a${path}`, { headers: [...asAnn, 'Host', 'b.example.com'], body: 'SELECT 1' });
    assert.equal(a.count('POST'), 1);
  });

  it('is carried by the pages of a statement that waits, which any gateway goes on with, and by the query after it', async (t) => {
    const { b, bench } = await two(t);
    bench.route(anEntry({ state: 'PAUSED', name: 'b', headerValues: ['team/b', 'sales'] }));
    const { page } = await bench.drive(bench.send('POST', `/rt/sales${path}`, { headers: asAnn, body: 'SELECT 1' }));
    assert.match(page.nextUri ?? '', new RegExp(`^${bench.origin}/rt/sales/v1/statement/queued/`));
    assert.equal(page.infoUri.startsWith(`${bench.origin}/rt/sales/ui/query.html?`), true);
    bench.route(runningOn(b, { name: 'b', headerValues: ['team/b', 'sales'] }));
    const handedOver = await bench.drive(bench.send('GET', page.nextUri ?? ''));
    assert.match(handedOver.page.nextUri ?? '', new RegExp(`^${bench.origin}/rt/sales/v1/statement/queued/.*_bbbbb/`));
  });

  it('is cancelled at the coordinator without it', async (t) => {
    const { b, bench } = await two(t);
    bench.route(anEntry({ state: 'PAUSED', name: 'b' }));
    const { page } = await bench.drive(bench.send('POST', `/rt/team.b${path}`, { headers: asAnn, body: 'SELECT 1' }));
    bench.route(runningOn(b, { name: 'b' }));
    await bench.drive(bench.send('GET', page.nextUri ?? ''));
    assert.equal((await bench.send('DELETE', page.nextUri ?? '')).status, 204);
    await bench.until(() => b.count('DELETE /v1/statement/queued/') === 1);
  });

  it('that selects nothing, or another one than the header, is a clear error', async (t) => {
    const { a, b, bench } = await two(t);
    async function errorOf(prefix: string, header: readonly string[] = []): Promise<string> {
      const { page } = await bench.send('POST', `${prefix}${path}`, { headers: [...asAnn, ...header], body: 'SELECT 1' });
      const { error } = await bench.follow(page);
      return `${error?.errorName}: ${error?.message}`;
    }
    assert.match(await errorOf('/rt/nobody'), /^QUERY_REJECTED: the path \/rt\/nobody selects no runtime\. Use \/rt\/<namespace>\.<name>/);
    assert.match(
      await errorOf('/rt/sales', ['X-Trino-XTrinode', 'team/a']),
      /^QUERY_REJECTED: the path \/rt\/sales selects runtime team\/b, and X-Trino-XTrinode: "team\/a" selects team\/a\. Send one of them\.$/,
    );
    assert.match(
      await errorOf('/rt/sales', ['X-Trino-XTrinode', 'nobody']),
      /^QUERY_REJECTED: X-Trino-XTrinode: "nobody" selects no runtime/,
    );
    assert.deepEqual([a.calls, b.calls], [[], []]);
    await bench.send('POST', `/rt/team.b${path}`, { headers: [...asAnn, 'X-Trino-XTrinode', 'sales'], body: 'SELECT 1' });
    assert.equal(b.count('POST'), 1);
  });

  it('shows a browser the UI only where its address without the path is the same runtime’s, since Trino’s UI knows no paths', async (t) => {
    const { b, bench } = await two(t);
    const browser = { headers: ['Accept', 'text/html'] };
    assert.equal((await bench.send('GET', '/rt/team.a', browser)).headers.location, '/ui/');
    assert.equal((await bench.send('GET', '/rt/team.a/ui/query.html?x', browser)).headers.location, '/ui/query.html?x');
    const refused = await bench.send('GET', '/rt/sales/ui/', browser);
    assert.equal(refused.status, 404);
    assert.match(refused.text, /needs a host name of that runtime/);
    assert.equal((await bench.send('GET', '/rt/sales/ui/api/stats')).text, 'GET /ui/api/stats ');
    assert.equal(b.count('GET'), 1);
  });

  it('hides no other path: what two readers could read differently is refused, and nothing of it is written down', async (t) => {
    const { a, b, bench } = await two(t);
    const paths = [
      '/rt/sales/v1/task/x',
      '/rt/sales//v1/statement/x',
      '/rt/sales/../v1/task/x',
      '/rt/sales/%2e%2e/v1/task/x',
      '/rt/../v1/task/x',
      '/rt/./v1/info',
      '/rt/%73ales/v1/query',
      '/rt/sales%2f..%2f/v1/query',
      '/rt/sales;x/v1/query',
      '/rt//v1/query',
      '/rt/sales/rt/team.a/v1/query',
      '/rt/team/b/v1/query',
      '/RT/sales/v1/query',
    ];
    for (const path of paths) assert.equal((await bench.send('GET', path)).status, 404, path);
    assert.deepEqual([a.calls, b.calls], [[], []]);
  });
});

describe('addresses that a coordinator makes', () => {
  it('say whose they are where neither path nor host name of the client does', async (t) => {
    const { b, bench } = await two(t);
    const byHeader = await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'sales'] });
    assert.match(byHeader.page.nextUri ?? '', /\/rt\/team\.b\/v1\/statement\/queued\//);
    assert.equal((await bench.follow(byHeader.page)).error, undefined);
    assert.equal(b.count('POST'), 1);
  });

  it('stay as they are on a host name of that runtime alone', async (t) => {
    const { b, bench } = await two(t, { hosts: ['b.example.com'] });
    const { page } = await bench.post('SELECT 1', { headers: ['Host', 'b.example.com'] });
    assert.match(page.nextUri ?? '', /^http:\/\/b\.example\.com\/v1\/statement\/queued\//);
    assert.deepEqual(linesOf(b.calls[0]?.rawHeaders ?? [], 'x-forwarded-prefix'), []);
  });

  it('name the one that has the query where several share a name', async (t) => {
    const group = { routingGroup: 'bi', isDefault: false } as const;
    const { a, b, bench } = await two(t);
    bench.route(runningOn(a, { ...group, hosts: ['bi.example.com'], headerValues: ['team/a', 'bi'] }));
    bench.route(runningOn(b, { ...group, name: 'b' }));
    const ways = [
      { at: path, headers: ['Host', 'bi.example.com'] },
      { at: `/rt/bi${path}`, headers: [] },
    ];
    for (const { at, headers } of ways) {
      const { page } = await bench.send('POST', at, { headers: [...asAnn, ...headers], body: 'SELECT 1' });
      const runtime = page.id.endsWith('_aaaaa') ? 'a' : 'b';
      assert.match(page.nextUri ?? '', new RegExp(`/rt/team\\.${runtime}/v1/statement/`));
    }
    assert.deepEqual([a.count('POST'), b.count('POST')], [1, 1]);
  });
});
