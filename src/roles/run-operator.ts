// The operator as a process of its own: waits for its cluster, takes its turn as leader, and tells on a port of its own whether
// it can work. The controllers themselves are those of `up` (operator.ts).
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { fieldOwner, systemNamespace, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { OperatorConfig } from '#config/roles.ts';
import { createLeaseElection, type LeaseElection, type Term } from '#kube/control/lease.ts';
import { observeCalls } from '#kube/control/observed-api.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import { operatorLeaseName } from '#rbac/permissions.ts';
import { explainClusterProblem } from './cluster-problem.ts';
import { connectCluster, waitForCluster, type Needed } from './connect-cluster.ts';
import { alone, leadInTurns, overheard } from './leadership.ts';
import { judgeOperator, type Leadership } from './operator-health.ts';
import { createOperatorMetrics } from './operator-metrics.ts';
import { startOperatorWebhooks } from './operator-webhooks.ts';
import { createOperator, type Operator } from './operator.ts';
import { revocableApi } from './revocable-api.ts';
import { runRole, type RoleProcess, type StartedRole } from './role-process.ts';
import { serveHealth } from './serve-health.ts';

/** Our definitions, and one kind of each rule of the cluster role: what is missing is told before anything is begun. */
const needs: readonly Needed[] = [xtrinodes, xtrinodeCatalogs, resources.deployments, resources.pods, resources.leases].map((resource) => ({
  resource,
}));

export async function runOperator(config: OperatorConfig, process: RoleProcess): Promise<void> {
  await runRole('operator', process, config, async (role) => {
    const { clock, random, signal } = process;
    const { log, stops } = role;
    let leadership: Leadership = { is: 'waiting', for: 'the cluster has not been looked at yet' };
    const client = connectCluster(config, process, role);
    const { host } = new URL(client.server);
    const metrics = createOperatorMetrics({ isLeader: () => leadership.is === 'leading', leaseName: operatorLeaseName, host });
    const api = observeCalls(client, clock, metrics.calls);
    const url = await serveHealth('operator', config.healthListen, role, {
      checks: () => judgeOperator(leadership, { nowMs: clock.now(), stuckAfterMs: config.stuckAfter }),
      metrics,
    });

    const onProblem = (text: string | undefined): void => {
      if (text !== undefined) leadership = { is: 'waiting', for: text };
    };
    await waitForCluster({ api, role: 'operator', needs, clock, log, signal, onProblem });
    const webhooks = await startOperatorWebhooks(config, process, role, { api, server: client.server });

    async function startControllers(operator: Operator, { lost }: Term): Promise<void> {
      try {
        await operator.start();
        leadership = { is: 'leading', operator, hasSynced: true };
        log.info('caches are filled', { runtimes: operator.runtimes.list().length });
      } catch (error) {
        // Stopped before its caches were filled: nothing to tell.
        if (!signal.aborted && !lost.aborted) log.error('the controllers did not start', { error });
      }
    }

    function begin(term: Term): () => Promise<void> {
      const own = revocableApi(api, term);
      const operator = createOperator({ api: own, clock, random, log, concurrency: config.concurrency, observers: metrics.observers });
      const end = metrics.follow(operator);
      leadership = { is: 'leading', operator, hasSynced: false };
      log.info('this operator leads');
      webhooks.claim();
      const started = startControllers(operator, term);
      return async () => {
        end();
        await operator.stop();
        await started;
        log.info(term.lost.aborted ? 'this operator has lost its Lease and stands by' : 'this operator leads no more');
      };
    }

    const onStandby = (why?: string): void => {
      leadership = why === undefined ? { is: 'standby' } : { is: 'cut-off', why };
    };
    const tell = (failure: unknown): void => {
      // While it leads, losing the Lease is what tells.
      if (leadership.is !== 'leading') onStandby(isRace(failure) ? undefined : explainClusterProblem(failure, 'operator')?.text);
    };
    const election = config.leaderElect ? standForElection(config, process, role, overheard(api, tell)) : alone;
    const turns = leadInTurns({ election, signal, begin, onStandby });
    // That of a failure is told by what `failed` ends the process with.
    stops.push(() => turns.catch(() => undefined));
    const failed = turns.then(() => new Promise<never>(() => undefined));
    return { at: url, failed };
  });
}

function isRace(failure: unknown): boolean {
  return isKubeError(failure, 'Conflict', 'AlreadyExists');
}

function standForElection(config: OperatorConfig, { clock, random }: RoleProcess, { log }: StartedRole, api: KubeApi): LeaseElection {
  const identity = `${hostname()}-${randomBytes(4).toString('hex')}`;
  return createLeaseElection({
    api,
    clock,
    random,
    log,
    namespace: systemNamespace,
    name: operatorLeaseName,
    identity,
    fieldManager: fieldOwner,
    times: { leaseMs: config.leaseDuration, renewWithinMs: config.renewDeadline, retryMs: config.retryPeriod },
    onHolder: (holder) => log.info('leader', { holder: holder === '' ? 'nobody' : holder, isThisOne: holder === identity }),
  });
}
