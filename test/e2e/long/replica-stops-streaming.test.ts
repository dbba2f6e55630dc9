// Two hundred sessions of all stock clients read results through two replicas behind a plain TCP balancer, and one replica goes: asked to,
// or killed. What ran is counted at the coordinator.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { user } from '../clients/clients.ts';
import { createSessions } from '../clients/sessions.ts';
import { openBalancer } from '../harness/balancer.ts';
import { startCoordinator } from '../harness/coordinator.ts';
import { startGateway, type GatewayProcess } from '../harness/gateways.ts';
import { loadSessions, prepareLoad, type StatementOf } from '../harness/load.ts';
import { judgeLoad, ranStatements } from '../harness/load-verdict.ts';
import { aHome } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const sessions = await createSessions();
const coordinator = await startCoordinator({
  // On a busy machine two hundred queries at once are too much for what Trino waits for its own tasks by default.
  config: [
    'exchange.max-error-duration=10m',
    'exchange.http-client.idle-timeout=5m',
    'exchange.http-client.request-timeout=5m',
    'query.remote-task.max-error-duration=10m',
    'task.client.timeout=15m',
    'task.info-update-interval=10s',
    'query.client.timeout=15m',
  ],
});
const routes = join(aHome(), 'routes.yaml');
const entry = 'namespace: team, name: work, state: RUNNING, isDefault: true, trinoVersion: 483';
const keys = join(aHome(), 'keys');
writeFileSync(keys, randomBytes(32).toString('base64'));
writeFileSync(routes, `- { ${entry}, coordinatorUrl: "${coordinator.url}" }\n`);

const streamMs = 5 * 60_000;
/** Several pages, but few rows: they cost Trino little. Each text is one session's own. */
const named = (mark: string): string =>
  `SELECT rpad(CAST(n AS varchar), 350000, '${mark} ') AS filler FROM UNNEST(sequence(1, 4)) AS t (n)`;

/** Its first statement waits until it has proven the coordinator. And Trino's own classes are compiled by then. */
async function warmUp({ url }: GatewayProcess): Promise<void> {
  const steps = Array.from({ length: 100 }, (_, index) => ({ kind: 'digest', text: named(`warm-up-${index}`) }) as const);
  for (const { error } of await sessions.run('go', { url, user }, steps)) assert.equal(error, undefined);
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  const isKill = signal === 'SIGKILL';

  test(`${signal} of a replica while ${loadSessions} results of all clients stream [row 16]`, async (t) => {
    const flags = ['--routes', routes, '--seal-keys-file', keys];
    const [gone, other] = await Promise.all([startGateway(...flags), startGateway(...flags)]);
    const balancer = await openBalancer([gone.url, other.url]);
    after(() => balancer.close());
    await Promise.all([warmUp(gone), warmUp(other)]);
    // A POST that is lost nobody may repeat: none is under way when all queries have begun.
    const steps = isKill ? 1 : 2;
    const statement: StatementOf = (session, step) => named(`load-${signal}-${session}-${step}`);
    const load = await prepareLoad(sessions, `http://localhost:${balancer.port}`, steps, statement);
    const before = (await ranStatements(coordinator.url)).length;
    const result = load.release();
    const seen = await eventually('most results stream', streamMs, async () => {
      const ran = (await ranStatements(coordinator.url)).length - before;
      return ran >= (isKill ? 1 : 0.9) * loadSessions && { ran, there: (await gone.load()).running, here: (await other.load()).running };
    });
    gone.process.kill(signal);
    t.diagnostic(`${seen.ran} queries had begun; ${seen.there} were read through the replica that went, ${seen.here} through the other`);
    await judgeLoad(t, await result, { coordinatorUrl: coordinator.url, balancer, gone, other, isKill, steps });
  });
}
