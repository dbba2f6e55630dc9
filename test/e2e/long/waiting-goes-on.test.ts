// Clients that wait for a runtime and lose their gateway: real gateway processes on the Kubernetes API of an `up`, real Trino,
// stock clients. What Trino runs is counted at the coordinator, so that nothing runs twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clientNames, createClients, user, type Answer, type ClientName } from '../clients/clients.ts';
import { start, type Child } from '../harness/children.ts';
import { assertCounted, countLines } from '../harness/expectations.ts';
import { javaProcesses } from '../harness/processes.ts';
import { putToSleep } from '../harness/quickstart.ts';
import { openTap } from '../harness/tap.ts';
import { aHome, root, startUp, type Up } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const clients = await createClients();

interface GatewayProcess extends Child {
  readonly url: string;
}

async function startGateway({ home }: Up): Promise<GatewayProcess> {
  const { apiServerUrl, kubeconfigPath } = JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')) as Record<string, string>;
  const args = ['--kubeconfig', kubeconfigPath ?? '', '--api-server', apiServerUrl ?? '', '--listen', '127.0.0.1:0'];
  // Without the launcher: a signal that cannot be passed on is to reach the gateway itself.
  const child = start([process.execPath, join(root, 'src', 'main.ts'), 'gateway', ...args]);
  after(() => child.process.kill('SIGTERM'));
  const url = await eventually('the ready line of a gateway', 60_000, () => /^gateway ready: (\S+)$/m.exec(child.out())?.[1]);
  return { ...child, url };
}

/** Statements that clients have had run since the coordinator started, by what Trino itself tells. */
async function countRuns(up: Up, sql: string): Promise<number> {
  const listed = await fetch(`${up.gatewayUrl}/v1/query`, { headers: { 'X-Trino-User': user } });
  return ((await listed.json()) as readonly { readonly query: string }[]).filter(({ query }) => query === sql).length;
}

function handOvers(gateway: Child): number {
  return gateway.notes().split('"msg":"handed over"').length - 1;
}

test('clients that wait go on at another gateway when theirs is stopped, or killed, and nothing runs twice', async (t) => {
  const up = await startUp();
  const [first, second, third] = await Promise.all([startGateway(up), startGateway(up), startGateway(up)]);
  const tap = await openTap(first.url);
  after(() => tap.close());

  async function loseGateway(names: readonly ClientName[], gone: GatewayProcess, next: GatewayProcess, signal: NodeJS.Signals) {
    await putToSleep(up);
    tap.forget();
    const polled = new Set<string | undefined>();
    const answers = Promise.all(names.map((name) => clients.query(name, tap.url, countLines)));
    // Each has had the answer to its POST: one that is lost ends most clients.
    await eventually('all clients wait', 60_000, () => {
      for (const { line } of tap.forget().requests) polled.add(/^GET \/v1\/statement\/queued\/([^/]+_0gw..)\//.exec(line)?.[1]);
      return polled.size - (polled.has(undefined) ? 1 : 0) >= names.length;
    });
    const before = [handOvers(gone), handOvers(next)] as const;
    tap.leadNext(next.url);
    gone.process.kill(signal);
    for (const answer of await answers) assertCounted(answer);
    const [lost, gained] = [handOvers(gone) - before[0], handOvers(next) - before[1]];
    assert.deepEqual([lost + gained, gained > 0], [names.length, true]);
    assert.equal(await countRuns(up, countLines), names.length);
  }

  await t.test('SIGTERM: all five clients', () => loseGateway(clientNames, first, second, 'SIGTERM'));
  await t.test('SIGKILL: those that repeat a poll whose connection broke', () =>
    loseGateway(['cli', 'jdbc', 'python'], second, third, 'SIGKILL'),
  );

  await t.test('SIGKILL between handing a statement over and telling its client: one row is inserted [row 63]', async () => {
    const fourth = await startGateway(up);
    const run = async (sql: string): Promise<Answer> => {
      const answer = await clients.query('go', up.gatewayUrl, sql);
      assert.equal(answer.code, 0, answer.notes);
      return answer;
    };
    await run('CREATE TABLE memory.default.inserted (x bigint)');
    const insert = 'INSERT INTO memory.default.inserted VALUES 7';
    const trino = javaProcesses(up.home);
    const before = handOvers(third);
    tap.leadNext(third.url);
    tap.forget();
    // Trino takes the statement but answers nothing, until the gateway that sent it is gone.
    for (const { pid } of trino) process.kill(pid, 'SIGSTOP');
    try {
      const inserting = clients.query('python', tap.url, insert);
      await eventually('a poll of the waiting client', 30_000, () =>
        tap.forget().requests.some(({ line }) => /^GET \/v1\/statement\/queued\/[^/]+_0gw..\//.test(line)),
      );
      tap.leadNext(fourth.url);
      third.process.kill('SIGKILL');
      await third.ended;
      for (const { pid } of trino) process.kill(pid, 'SIGCONT');
      const { code, notes } = await inserting;
      assert.equal(code, 0, notes);
    } finally {
      for (const { pid } of trino) process.kill(pid, 'SIGCONT');
    }
    assert.deepEqual([handOvers(third) - before, handOvers(fourth)], [0, 1]);
    assert.equal(await countRuns(up, insert), 1);
    assert.deepEqual((await run('SELECT count(*) FROM memory.default.inserted')).rows, [['1']]);
  });
});

test('a client that waits while up is stopped and started again gets its rows', async () => {
  const home = aHome();
  const before = await startUp({ home });
  const { port } = new URL(before.gatewayUrl);
  const waiting = clients.query('cli', before.gatewayUrl, countLines);
  await before.until('quickstart', 'Resuming', 60_000);
  assert.equal(await before.stop(), 0);
  const again = await startUp({ home, args: ['--gateway-port', port] });
  assertCounted(await waiting);
  assert.equal(await again.stop(), 0);
});
