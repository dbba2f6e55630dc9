// What the benchmark of the operator stands on: a real control plane, a node that only pretends, coordinators that answer, and the
// operator as a process of its own, started as users start it. Its reads and writes are those of the API server's audit log.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../../src/core/objects.ts';
import { apiVersion, gatewayNamespace, xtrinodes } from '../../src/apis/v1/resources.ts';
import type { XTrinode } from '../../src/apis/v1/objects.ts';
import { createReflector, type Reflector } from '../../src/kube/cache/reflector.ts';
import { createHttpKubeApi } from '../../src/kube/client/http-kube-api.ts';
import { readRecord } from '../../src/node/process-record.ts';
import { silentLog } from '../../src/observe/log.ts';
import { systemClock } from '../../src/observe/system-clock.ts';
import { startRealCluster } from '../../tools/real-cluster/start-real-cluster.ts';
import { prepareForOperator } from '../contract/prepare-for-operator.ts';
import { createPretendNode } from '../fakes/pretend-node.ts';
import { countCalls, type CallCounts } from './audit-log.ts';
import { createCoordinatorCrowd } from './coordinator-crowd.ts';

const team = 'bench';
const by = { fieldManager: 'bench', force: true };
const patienceMs = 600_000;
/** Users that create runtimes at the same time. */
const creators = 8;
const launcher = join(import.meta.dirname, '..', '..', 'tools', 'start.mjs');

export interface OperatorProcess {
  readonly pid: number;
  /** Fulfilled when so many runtimes were looked at and nothing is in work. */
  settled(runtimes: number): Promise<void>;
  stop(): Promise<void>;
}

export interface OperatorStand {
  startOperator(): Promise<OperatorProcess>;
  /** Names r<from> to r<to - 1>. */
  createRuntimes(from: number, to: number, spec: object): Promise<void>;
  annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  until(isSo: (runtimes: readonly XTrinode[]) => boolean): Promise<void>;
  /** Of the operator, so far. */
  calls(): Promise<CallCounts>;
  /** CPU of kube-apiserver so far, seconds. */
  apiServerSeconds(): number;
  stop(): Promise<void>;
}

/** User and system time of a process, seconds. Source: proc(5); Linux counts in hundredths. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

/** The address in `operator ready: http://...`. */
function readyAt(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const url = /ready: (\S+)\n/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error('the operator ended before it was ready')));
  });
}

/** Sum over all series of a metric whose labels contain the text. */
function sumOf(metrics: string, name: string, labels: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function isSettled(url: string, runtimes: number): Promise<boolean> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const of = 'controller="xtrinode"';
  const inWork = sumOf(metrics, 'workqueue_depth', of) + sumOf(metrics, 'workqueue_unfinished_work_seconds', of);
  return inWork === 0 && sumOf(metrics, 'controller_runtime_reconcile_total', of) >= runtimes;
}

async function startOperator(kubeconfig: string): Promise<OperatorProcess> {
  const rest = ['--leader-elect', 'off', '--webhooks', 'off', '--log-level', 'error', '--health-listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, [launcher, 'operator', '--kubeconfig', kubeconfig, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await readyAt(child);
  return {
    pid: child.pid ?? 0,
    async settled(runtimes) {
      const giveUpAt = performance.now() + patienceMs;
      while (!(await isSettled(url, runtimes))) {
        if (performance.now() > giveUpAt) throw new Error(`the operator had not settled after ${patienceMs} ms`);
        await delay(100);
      }
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Ended by `stop`, with everything that it started but operators. */
export async function createOperatorStand(): Promise<OperatorStand> {
  const cluster = await startRealCluster();
  const api = createHttpKubeApi({ kubeconfigPath: cluster.kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
  const crowd = createCoordinatorCrowd();
  const parts = { api, clock: systemClock, random: Math.random, log: silentLog };
  const node = createPretendNode({ ...parts, addressOf: crowd.addressOf, startMs: 200, readyMs: 1_000, renewsLease: true });
  const watched = createReflector<XTrinode>({ ...parts, resource: xtrinodes, where: {} });
  await prepareForOperator(api, team);
  await node.start();
  watched.start();
  await watched.synced;
  const apiServerPid = readRecord(join(cluster.directory, 'processes', 'kube-apiserver'))?.pid ?? 0;
  return {
    startOperator: () => startOperator(cluster.kubeconfigFor('operator')),
    async createRuntimes(from, to, spec) {
      let next = from;
      const create = async (): Promise<void> => {
        while (next < to) {
          const metadata = { namespace: team, name: `r${next}` };
          next += 1;
          await api.create<KubeObject>(xtrinodes, { apiVersion, kind: 'XTrinode', metadata, spec } as KubeObject, by);
        }
      };
      await Promise.all(Array.from({ length: creators }, create));
    },
    async annotate(name, annotations) {
      await api.patch(xtrinodes, { namespace: team, name }, 'merge', { metadata: { annotations } }, by);
    },
    until: (isSo) => until(watched, isSo),
    calls: () => countCalls(cluster.auditLogPath, 'operator', [team, gatewayNamespace]),
    apiServerSeconds: () => cpuSeconds(apiServerPid),
    async stop() {
      node.stop();
      watched.stop();
      crowd.stop();
      await api.close();
      await cluster.stop();
    },
  };
}
