// Two hundred statements of all stock clients wait at two replicas behind a plain TCP balancer, and one replica goes: asked to, or killed.
// The runtime wakes, and all of them have their rows from the other one. What ran is counted at the coordinator.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createSessions } from '../clients/sessions.ts';
import { openBalancer } from '../harness/balancer.ts';
import { startReplica } from '../harness/gateways.ts';
import { loadSessions, prepareLoad, type StatementOf } from '../harness/load.ts';
import { judgeLoad } from '../harness/load-verdict.ts';
import { javaProcesses } from '../harness/processes.ts';
import { aRuntime } from '../harness/runtimes.ts';
import { startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const memory = `---
apiVersion: analytics.xtrinode.io/v1
kind: XTrinodeCatalog
metadata:
  name: memory
  namespace: default
spec:
  connector:
    memory:
      maxDataPerNode: 64MB
  labels:
    for: work
`;

const sessions = await createSessions();
const up = await startUp({ args: ['--no-quickstart'] });
// A coordinator alone: what is shown is the way to it, and the machine has enough to do with the clients.
await up.apply(`${aRuntime('work', { autoSuspendAfter: '30m', wakePatience: '10m', routing: '{ default: true }' })}${memory}`);

const waitMs = 5 * 60_000;
const steps = 2;

/** A table with that name is made once, whoever tries; the others cost Trino less. */
const statement: StatementOf = (session, step) =>
  session.endsWith('7') && step === 0
    ? `CREATE TABLE memory.default."load-${session}" AS SELECT 1 AS one`
    : `SELECT 'load-${session}-${step}'`;

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} of a replica while ${loadSessions} statements of all clients wait`, async (t) => {
    const slept = await up.xtrinode('suspend', 'work', '--wait', '--timeout', '120s');
    assert.equal(slept.code, 0, slept.notes);
    const [gone, other] = await Promise.all([startReplica(up), startReplica(up)]);
    const balancer = await openBalancer([gone.url, other.url]);
    after(() => balancer.close());
    const load = await prepareLoad(sessions, `http://localhost:${balancer.port}`, steps, statement);
    const result = load.release();
    // Trino starts, but not before all of them wait.
    const paused = new Set<number>();
    try {
      const waiting = await eventually('all statements wait', waitMs, async () => {
        for (const { pid } of javaProcesses(up.home)) {
          if (!paused.has(pid)) process.kill(pid, 'SIGSTOP');
          paused.add(pid);
        }
        const [there, here] = [(await gone.load()).queued, (await other.load()).queued];
        const answered = (await gone.answeredPosts()) + (await other.answeredPosts());
        // A POST that is lost nobody may repeat. More than the sessions wait: one with a second connection is known to both.
        return answered >= loadSessions && there + here >= loadSessions && { there, here };
      });
      t.diagnostic(`${waiting.there} wait at the replica that goes, ${waiting.here} at the other`);
      assert.ok(waiting.there > loadSessions / 4, 'the replica that goes has its share');
      gone.process.kill(signal);
    } finally {
      for (const pid of paused) process.kill(pid, 'SIGCONT');
    }
    await judgeLoad(t, await result, { coordinatorUrl: up.gatewayUrl, balancer, gone, other, isKill: signal === 'SIGKILL', steps });
  });
}
