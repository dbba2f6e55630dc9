// npm run cluster: a real Kubernetes on this machine, in the foreground: control plane, our CRDs, and the process node, which
// runs Pods of Trino as local processes. For trying things with kubectl and Helm; Ctrl-C ends and forgets everything.
import { join } from 'node:path';
import { aborted } from '#core/pause.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { SetupError } from '#node/setup-error.ts';
import { createLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import { applyDefinitions } from '#roles/bootstrap.ts';
import { createLocalNode, installTrino, trinoVersion } from '#roles/local-node.ts';
import { startRealCluster, type RealCluster } from './real-cluster/start-real-cluster.ts';

const usage = `npm run cluster
  Starts a real Kubernetes on this machine, in the foreground, until Ctrl-C: it prints where its kubeconfig and kubectl are.
  Takes no arguments. Downloads what it needs the first time.`;
const env = process.env;
const log = createLog({ level: 'warn', format: 'pretty' });
const random = Math.random;
const stopGraceMs = 5_000;
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function runNode(cluster: RealCluster): Promise<void> {
  const api = createHttpKubeApi({ clock, log, env, kubeconfigPath: cluster.kubeconfigPath });
  try {
    await applyDefinitions(api);
    const installation = await installTrino({ offline: false, env, signal: interrupted.signal, progress: () => undefined });
    const stateDir = join(cluster.directory, 'node');
    const node = createLocalNode({ api, nodeName: 'local', stateDir, installation, clock, random, log });
    await node.start();
    say(`
Kubernetes is up: etcd, kube-apiserver, controller manager, scheduler, and one node that runs Pods of trinodb/trino:${trinoVersion}.

  export KUBECONFIG=${cluster.kubeconfigPath}
  kubectl        ${cluster.kubectl}
  audit log      ${cluster.auditLogPath}

Ctrl-C ends it and removes everything.`);
    const failure = await Promise.race([cluster.failed, aborted(interrupted.signal)]);
    await node.stop({ graceMs: stopGraceMs });
    if (failure instanceof Error) throw failure;
  } finally {
    await api.close();
  }
}

const argument = process.argv[2];
if (argument !== undefined) {
  const isQuestion = argument === '--help' || argument === '-h';
  say(isQuestion ? usage : `cluster: unknown argument ${argument}\n${usage}`);
  process.exit(isQuestion ? 0 : 1);
}
try {
  const cluster = await startRealCluster({ env, report: say, signal: interrupted.signal });
  try {
    await runNode(cluster);
  } finally {
    await cluster.stop();
  }
} catch (error) {
  if (!interrupted.signal.aborted) {
    say(error instanceof SetupError ? `${error.what}: ${error.why}\n${error.mend}` : String(error));
    process.exitCode = 1;
  }
}
