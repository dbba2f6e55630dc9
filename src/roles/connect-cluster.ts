// A role's way into its cluster: the client, and waiting until the cluster is there and knows what the role reads. Waiting is
// told, once per problem and again every half a minute; what waiting cannot mend ends the process with one line.
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import { createHttpKubeApi, type HttpKubeApi } from '#kube/client/http-kube-api.ts';
import type { KubeApi, ListOptions, Resource } from '#kube/port.ts';
import { childLog, type Log } from '#observe/log.ts';
import { explainClusterProblem, type ClusterProblem } from './cluster-problem.ts';
import { HopelessCluster, type RoleProcess, type StartedRole } from './role-process.ts';

export interface ClusterConfig {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** Something the role has to be able to list before it can work. */
export interface Needed {
  readonly resource: Resource;
  readonly where?: ListOptions;
}

/** Closed by the role's stops. Throws KubeconfigError; opens no connection yet. */
export function connectCluster(config: ClusterConfig, process: RoleProcess, { log, stops }: StartedRole): HttpKubeApi {
  const api = createHttpKubeApi({
    env: process.env,
    clock: process.clock,
    random: process.random,
    log: childLog(log, { part: 'client' }),
    ...(config.kubeconfig === undefined ? {} : { kubeconfigPath: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  });
  stops.push(() => api.close());
  return api;
}

export interface WaitForCluster {
  readonly api: KubeApi;
  readonly role: string;
  readonly needs: readonly Needed[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told of what is being waited for, undefined when nothing is any more. */
  readonly onProblem?: (text: string | undefined) => void;
}

const lookAgainMs = 2_000;
const tellAgainMs = 30_000;
/** An unreachable server is not worth a longer wait for one answer. */
const answerWithinMs = 10_000;

/** Returns when everything needed can be listed, or the signal came. Throws HopelessCluster. */
export async function waitForCluster(wait: WaitForCluster): Promise<void> {
  const { clock, log, signal, onProblem } = wait;
  let told = { text: '', at: 0 };
  while (!signal.aborted) {
    const problem = await findProblem(wait);
    onProblem?.(problem?.text);
    if (problem === undefined || signal.aborted) return;
    if (!problem.isWorthWaiting) throw new HopelessCluster(problem.text);
    if (problem.text !== told.text || clock.now() - told.at >= tellAgainMs) {
      log.warn(`waiting: ${problem.text}`);
      told = { text: problem.text, at: clock.now() };
    }
    await pause(clock, lookAgainMs, signal);
  }
}

async function findProblem({ api, needs, signal, role }: WaitForCluster): Promise<ClusterProblem | undefined> {
  try {
    for (const { resource, where } of needs) await api.list(resource, { ...where, limit: 1 }, { signal, timeoutMs: answerWithinMs });
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    const problem = explainClusterProblem(error, role);
    if (problem === undefined) throw error;
    return problem;
  }
}
