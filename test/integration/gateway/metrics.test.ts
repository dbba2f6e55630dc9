// What a gateway counts, as Prometheus reads it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGatewayMetrics } from '../../../src/roles/gateway-metrics.ts';
import { createReplicas, poll, postHeld } from './replicas.ts';
import { anEntry, asleep, aTrino, createBench, runningOn, type Bench } from './setup.ts';

/** Value by series, of names that begin so; zeros left out. */
async function read(bench: Bench, name: string): Promise<Readonly<Record<string, number>>> {
  const text = await createGatewayMetrics(bench.gateway).render();
  const series = text.split('\n').filter((line) => line.startsWith(`xtrinode_gateway_${name}`));
  const values = series.map((line) => [
    line.slice(`xtrinode_gateway_`.length, line.lastIndexOf(' ')),
    Number(line.slice(line.lastIndexOf(' '))),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== 0)) as Record<string, number>;
}

const ended = (result: string, reason = '', runtime = 'a'): string =>
  `statements_ended_total{namespace="team",xtrinode="${runtime}",result="${result}",reason="${reason}"}`;

describe('metrics', () => {
  it('count a statement once where it comes in and once where it ends, and time its wait', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const { answer } = await bench.begin('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    const { page } = await bench.drive(answer);
    const canceled = await bench.drive(bench.post('SELECT 2'));
    await bench.send('DELETE', canceled.page.nextUri ?? '');
    bench.clock.advance(8_000);
    bench.route(runningOn(trino));
    await bench.follow(page);
    assert.deepEqual(await read(bench, 'statements_'), {
      'statements_admitted_total{namespace="team",xtrinode="a"}': 2,
      'statements_held_total{namespace="team",xtrinode="a"}': 2,
      [ended('handed_over')]: 1,
      [ended('canceled')]: 1,
    });
    const waits = await read(bench, 'statement_wait_seconds');
    assert.deepEqual([waits['statement_wait_seconds_bucket{le="5"}'], waits['statement_wait_seconds_bucket{le="20"}']], [undefined, 1]);
    assert.equal((await read(bench, 'statement_handover_seconds'))['statement_handover_seconds_count'], 1);
  });

  it('say why statements failed, were refused, or were nobody’s any more', async (t) => {
    const bench = await createBench(t, {
      routes: [asleep],
      countStatement: ({ user }) => (user === 'bob' ? { code: 'TOO_MANY', detail: 'too many' } : undefined),
    });
    await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'nowhere'] });
    await bench.send('POST', '/v1/statement', { headers: ['X-Trino-User', 'bob'], body: 'SELECT 1' });
    const { page } = await bench.drive(bench.post('SELECT 1'));
    await bench.drive(bench.post('SELECT 2'));
    bench.route(anEntry({ state: 'RESUMING', failure: { reason: 'CrashLoop', message: 'no memory' } }));
    await bench.follow(page);
    bench.clock.advance(301_000);
    assert.deepEqual(await read(bench, 'statements_refused_total'), {
      'statements_refused_total{reason="no_route"}': 1,
      'statements_refused_total{reason="too_many"}': 1,
    });
    assert.deepEqual(await read(bench, 'statements_ended_total'), { [ended('failed', 'SERVER_STARTING_UP')]: 1, [ended('abandoned')]: 1 });
  });

  it('count a statement where it is asked for, whichever replica that is: the sum over all is one for each', async (t) => {
    const { all, route } = await createReplicas(t, 2, [asleep]);
    const [a, b] = all as [Bench, Bench];
    const counts = (): Promise<unknown[]> => Promise.all(all.map(async (bench) => Object.entries(await read(bench, 'inflight_queries'))));
    const one = (state: string): unknown[] => [
      [`inflight_queries{namespace="team",xtrinode="a",routing_group="team--a",state="${state}"}`, 1],
    ];
    let page = await postHeld(a);
    assert.deepEqual(await counts(), [one('queued'), []]);
    // One of them learns by the next page that the client has been somewhere else.
    page = await poll(a, await poll(b, page));
    for (const bench of [b, a, b, a]) {
      const { answer } = await bench.begin('GET', page.nextUri ?? '');
      assert.deepEqual(await counts(), bench === a ? [one('queued'), []] : [[], one('queued')]);
      ({ page } = await bench.drive(answer));
    }
    route(runningOn(await aTrino(t)));
    await poll(b, page);
    assert.deepEqual(await counts(), [[], one('running')], 'handed over there');
  });

  it('forget what was counted for a runtime with the runtime', async (t) => {
    const bench = await createBench(t, { routes: [asleep] });
    await bench.drive(bench.post('SELECT 1'));
    bench.route(anEntry({ state: 'REMOVED' }));
    assert.deepEqual(await read(bench, 'statements_admitted_total'), {});
  });

  it('count requests by kind and class of status, and those that nobody took the answer of', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('SELECT 1');
    await bench.follow(page);
    await bench.send('GET', '/v1/secret');
    trino.failNext('GET /oauth2/x', 'stall');
    const leaving = new AbortController();
    const left = bench.send('GET', '/oauth2/x', { signal: leaving.signal });
    await trino.called('GET /oauth2/x');
    leaving.abort();
    await assert.rejects(left);
    await bench.until(() => trino.abandoned > 0);
    assert.deepEqual(await read(bench, 'requests_total'), {
      'requests_total{kind="statement",code="2xx"}': 1,
      'requests_total{kind="query",code="2xx"}': 2,
      'requests_total{kind="unknown",code="4xx"}': 1,
      'requests_total{kind="login",code="none"}': 1,
    });
    assert.deepEqual(await read(bench, 'upstream_failures_total'), {}, 'a client that goes is no failure of a coordinator');
  });

  it('count coordinators that do not answer, and how often they are asked again', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const { page } = await bench.post('SELECT 1');
    await trino.die();
    await bench.drive(bench.send('GET', page.nextUri ?? ''));
    // Five times the page, once the gateway's own question.
    assert.deepEqual(await read(bench, 'upstream_'), { 'upstream_failures_total{reason="refused"}': 6, upstream_retries_total: 4 });
    assert.deepEqual(await read(bench, 'eject'), {
      'ejected{namespace="team",xtrinode="a"}': 1,
      'ejections_total{namespace="team",xtrinode="a"}': 1,
    });
    bench.route(anEntry({ state: 'REMOVED' }));
    await bench.follow(page);
    assert.deepEqual(await read(bench, 'queries_lost_total'), { queries_lost_total: 1 });
  });
});
