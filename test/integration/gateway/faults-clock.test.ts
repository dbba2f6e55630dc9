// The time of the machine is set under a running gateway, hours ahead or back: what waits waits as long as it should, what others
// have dated is judged by the new time.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCli } from '#cli/program.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { createFakeIssuer } from '../../fakes/fake-issuer.ts';
import { hastyClock } from '../../fakes/hasty-clock.ts';
import { aTerminal } from '../../fakes/terminal.ts';
import { host, poll, postHeld, sharedKeys } from './replicas.ts';
import { anEntry, aTrino, createBench, send, type Answer } from './setup.ts';

const hours = 60 * 60_000;

async function aGateway(t: TestContext) {
  const trino = await aTrino(t);
  const issuer = await createFakeIssuer(Date.now);
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-clock-'));
  const route = (state: string): void =>
    writeFileSync(
      join(directory, 'routes'),
      JSON.stringify([{ namespace: 'a', name: 'a', state, coordinatorUrl: trino.url, isDefault: true, patienceMs: 600_000 }]),
    );
  route('RESUMING');
  let setBy = 0;
  const terminal = aTerminal({});
  const clock = { now: () => Date.now() + setBy, after: hastyClock.after };
  const flags = ['--jwt-issuer', issuer.issuer, '--jwt-audience', 'trino', '--rate-per-user', '2/1m'];
  const ended = runCli(['gateway', '--routes', join(directory, 'routes'), '--listen', '127.0.0.1:0', ...flags], { ...terminal.io, clock });
  t.after(async () => {
    terminal.interrupt();
    assert.equal(await ended, 0);
    await issuer.stop();
    rmSync(directory, { recursive: true });
  });
  while (!terminal.out().includes('\n')) await new Promise((resolve) => setImmediate(resolve));
  const port = Number(/:(\d+)\n$/.exec(terminal.out())?.[1]);
  const headers = ['Authorization', `Bearer ${issuer.token({ sub: 'ann' })}`];
  return {
    route,
    setTime: (ms: number) => (setBy = ms),
    head: async (): Promise<number> => (await send(port, 'HEAD', '/v1/statement', { headers })).status,
    post: (): Promise<Answer> => send(port, 'POST', '/v1/statement', { headers, body: 'SELECT 1' }),
    get: (uri = ''): Promise<Answer> => send(port, 'GET', new URL(uri).pathname, { headers }),
  };
}

describe('the time of the machine, set hours ahead and back under a gateway', () => {
  it('ends no wait and prolongs none, frees and locks out nobody, and is the one by which tokens are judged', async (t) => {
    const { route, setTime, head, post, get } = await aGateway(t);
    let answer = await post();
    for (const set of [3 * hours, -3 * hours]) {
      setTime(set);
      answer = await get(answer.page.nextUri);
      assert.deepEqual([answer.page.error, answer.page.stats['state']], [undefined, 'QUEUED']);
    }
    route('RUNNING');
    while (answer.page.nextUri !== undefined) answer = await get(answer.page.nextUri);
    assert.deepEqual(answer.page.data, [[1]]);
    // The token is good for an hour, and was verified before.
    for (const [set, status] of [
      [3 * hours, 401],
      [0, 200],
      [-3 * hours, 200],
    ] as const) {
      setTime(set);
      assert.equal(await head(), status);
    }
    await post();
    const { page } = await post();
    assert.match((await get(page.nextUri)).page.error?.message ?? '', /too many statements of user ann: .* in [1-5]?\d s/);
  });
});

describe('gateways whose machines do not agree on the time', () => {
  for (const [what, startedAhead, isAhead] of [
    ['was three hours ahead when it started', 3 * hours, 0],
    ['was three hours behind when it started', -3 * hours, 0],
    ['is three hours ahead', 3 * hours, 3 * hours],
  ] as const) {
    it(`go on with each other's statements as long as they may wait, where that of the first ${what}`, async (t) => {
      const routes = [anEntry({ state: 'PAUSED', patienceMs: 120_000 })];
      const own = { isOnlyReplica: false, keys: sharedKeys, host, routes };
      const start = Date.UTC(2026, 0, 1);
      const ahead = createFakeClock(start + startedAhead);
      const first = await createBench(t, { ...own, clock: ahead, wall: () => ahead.now() - startedAhead + isAhead });
      const second = await createBench(t, { ...own, clock: createFakeClock(start) });
      const page = await poll(second, await poll(first, await postHeld(first)));
      assert.deepEqual([page.stats['state'], page.error], ['QUEUED', undefined]);
      second.clock.advance(113_000);
      assert.equal((await second.follow(page)).error?.errorName, 'GENERIC_INSUFFICIENT_RESOURCES');
      const waitedMs = second.clock.now() - start;
      assert.ok(waitedMs > 115_000 && waitedMs < 125_000, `${waitedMs} ms`);
    });
  }
});
