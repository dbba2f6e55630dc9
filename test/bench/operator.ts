// What the operator costs: runtimes by the hundred on a real API server, on a node that only pretends, with coordinators that answer as
// a Trino does. The operator is a process of its own; its reads and writes are those of the API server's audit log.
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../src/core/objects.ts';
import { annotations, apiVersion, gatewayNamespace, systemNamespace, xtrinodes } from '../../src/apis/v1/resources.ts';
import type { XTrinode } from '../../src/apis/v1/objects.ts';
import { createReflector, type Reflector } from '../../src/kube/cache/reflector.ts';
import { createHttpKubeApi, type HttpKubeApi } from '../../src/kube/client/http-kube-api.ts';
import type { Resource } from '../../src/kube/port.ts';
import { namespaces } from '../../src/kube/resources.ts';
import { silentLog } from '../../src/observe/log.ts';
import { systemClock } from '../../src/observe/system-clock.ts';
import { applyDefinitions } from '../../src/roles/bootstrap.ts';
import { startRealCluster, type RealCluster } from '../../tools/real-cluster/start-real-cluster.ts';
import { createPretendNode } from '../fakes/pretend-node.ts';
import { countCalls } from './audit-log.ts';
import { residentMegabytes, type Bench, type Limit } from './bench.ts';
import { createCoordinatorCrowd } from './coordinator-crowd.ts';

const team = 'bench';
const by = { fieldManager: 'bench', force: true };
const restMs = 20_000;
const patienceMs = 300_000;
const sizes = [1, 10, 100] as const;
const clusterRoleBindings: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

function startOperator(cluster: RealCluster): ChildProcess {
  const kubeconfig = ['--kubeconfig', cluster.kubeconfigFor('operator')];
  const rest = ['--leader-elect', 'off', '--webhooks', 'off', '--log-level', 'error'];
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'operator', ...kubeconfig, ...rest], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function stopOperator(operator: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => operator.once('exit', resolve));
  operator.kill('SIGTERM');
  await exited;
}

/** Everything the operator needs around it, with all rights: what is counted here is calls. */
async function prepare(api: HttpKubeApi): Promise<void> {
  await applyDefinitions(api);
  for (const name of [systemNamespace, gatewayNamespace, team])
    await api.apply<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, by);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'bench-operator' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'operator', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  await api.apply<KubeObject>(clusterRoleBindings, binding, by);
}

function until(reflector: Reflector<XTrinode>, isSo: (runtimes: readonly XTrinode[]) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not so within ${patienceMs} ms`)), patienceMs);
    const look = (): void => {
      if (!isSo(reflector.store.list())) return;
      clearTimeout(timer);
      end();
      resolve();
    };
    const end = reflector.store.subscribe(look);
    look();
  });
}

async function createRuntimes(api: HttpKubeApi, count: number): Promise<void> {
  const spec = { size: 's', maxWorkers: 1, autoSuspendAfter: 'never' };
  for (let index = 0; index < count; index += 1) {
    const runtime = { apiVersion, kind: 'XTrinode', metadata: { namespace: team, name: `r${index}` }, spec };
    await api.create<KubeObject>(xtrinodes, runtime, by);
  }
}

/** All of a number of awake runtimes: made, at rest, one suspended, the operator started anew. */
async function measure(count: number): Promise<Record<string, number>> {
  const cluster = await startRealCluster();
  const api = createHttpKubeApi({ kubeconfigPath: cluster.kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
  const crowd = createCoordinatorCrowd();
  const parts = { api, clock: systemClock, random: Math.random, log: silentLog };
  const node = createPretendNode({ ...parts, addressOf: crowd.addressOf, startMs: 200, readyMs: 1_000, renewsLease: true });
  const watched = createReflector<XTrinode>({ ...parts, resource: xtrinodes, where: {} });
  let operator: ChildProcess | undefined;
  try {
    await prepare(api);
    await node.start();
    watched.start();
    await watched.synced;
    operator = startOperator(cluster);
    const calls = () => countCalls(cluster.auditLogPath, 'operator', [team, gatewayNamespace]);

    const createdAt = performance.now();
    await createRuntimes(api, count);
    await until(watched, (all) => all.length === count && all.every(({ status }) => status?.phase === 'Ready'));
    const readySeconds = (performance.now() - createdAt) / 1000;
    // The last words of those who became ready: workers counted, events told.
    await delay(5_000);
    const created = await calls();
    await delay(restMs);
    const rested = await calls();
    const residentMb = residentMegabytes(operator.pid ?? 0);

    const metadata = {
      annotations: { [annotations.suspendRequested]: 'true', [annotations.suspendRequestedAt]: new Date().toISOString() },
    };
    await api.patch(xtrinodes, { namespace: team, name: 'r0' }, 'merge', { metadata }, by);
    await until(watched, (all) => all.some(({ status }) => status?.phase === 'Suspended'));
    await delay(2_000);
    const suspended = await calls();

    await stopOperator(operator);
    const stopped = await calls();
    operator = startOperator(cluster);
    await delay(restMs);
    const restarted = await calls();
    return {
      runtimes: count,
      readySeconds: Math.round(readySeconds * 10) / 10,
      writesPerRuntime: Math.round((created.writes / count) * 10) / 10,
      readsPerRuntime: Math.round((created.reads / count) * 10) / 10,
      writesAtRest: rested.writes - created.writes,
      readsAtRest: rested.reads - created.reads,
      writesOfOneSuspend: suspended.writes - rested.writes,
      writesOfRestart: restarted.writes - stopped.writes,
      readsOfRestart: restarted.reads - stopped.reads,
      residentMb,
      residentAfterRestartMb: residentMegabytes(operator.pid ?? 0),
    };
  } finally {
    if (operator !== undefined) await stopOperator(operator);
    node.stop();
    watched.stop();
    crowd.stop();
    await api.close();
    await cluster.stop();
  }
}

function limitsOf(run: Readonly<Record<string, number>>): Limit[] {
  const { readySeconds = 0, writesPerRuntime = 0, writesAtRest = 0, readsAtRest = 0, writesOfOneSuspend = 0, residentMb = 0 } = run;
  const at = `at ${run['runtimes']} runtimes`;
  return [
    { name: `all ready ${at}`, value: readySeconds, most: 20, unit: 's' },
    { name: `writes until ready ${at}`, value: writesPerRuntime, most: 25, unit: 'per runtime' },
    { name: `writes at rest ${at}`, value: writesAtRest, most: 0, unit: `in ${restMs / 1000} s` },
    { name: `reads at rest beside watches ${at}`, value: readsAtRest, most: 0, unit: `in ${restMs / 1000} s` },
    { name: `writes of one suspend ${at}`, value: writesOfOneSuspend, most: 30, unit: '' },
    { name: `writes of a restart ${at}`, value: run['writesOfRestart'] ?? 0, most: 0, unit: '' },
    { name: `resident memory ${at}`, value: residentMb, most: 150, unit: 'MB' },
  ];
}

export const benchOperator: Bench = {
  defaultRuns: 1,
  async run(count) {
    const runs: Record<string, number>[] = [];
    for (let run = 0; run < count; run += 1) {
      for (const size of sizes) {
        runs.push(await measure(size));
        process.stderr.write(`${JSON.stringify(runs.at(-1))}\n`);
      }
    }
    return {
      what: 'awake runtimes on a real kube-apiserver and a node that pretends, calls of the operator by the audit log',
      runs,
      limits: runs.filter(({ runtimes }) => runtimes === Math.max(...sizes)).flatMap(limitsOf),
    };
  },
};
