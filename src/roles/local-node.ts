// Composition of the process node: a Trino of this machine behind the one image it runs, and how big it says to be. The same for
// `up`, for a process of its own and for `npm run cluster`.
import { availableParallelism, homedir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { formatMilliCpu } from '#core/quantity.ts';
import type { KubeApi } from '#kube/port.ts';
import { createImageTable } from '#node/images.ts';
import { createProcessNode, type ProcessNode } from '#node/process-node.ts';
import { ensureTrino } from '#node/trino/install.ts';
import type { InstallProgress, TrinoInstallation } from '#node/trino/installation.ts';
import type { Log } from '#observe/log.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The one that can be fetched whole from where Maven looks. */
export const trinoVersion = '483';

export function cacheDirectory(env: Env): string {
  return resolve(env['XTRINODE_CACHE'] ?? join(env['HOME'] ?? homedir(), '.xtrinode', 'cache'));
}

export interface TrinoSource {
  /** An unpacked distribution to use instead of fetching one; default: TRINO_HOME. */
  readonly trinoHome?: string | undefined;
  readonly offline: boolean;
  readonly env: Env;
  readonly progress: (progress: InstallProgress) => void;
  readonly signal: AbortSignal;
}

/** Throws SetupError for what the user can mend. */
export function installTrino({ trinoHome, env, ...source }: TrinoSource): Promise<TrinoInstallation> {
  const given = trinoHome ?? env['TRINO_HOME'];
  return ensureTrino({
    ...source,
    version: trinoVersion,
    cacheDir: cacheDirectory(env),
    env,
    ...(given === undefined ? {} : { trinoHome: resolve(given) }),
  });
}

export interface LocalNodeInit {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly stateDir: string;
  readonly installation: TrinoInstallation;
  /** Advertised. Default: more than the machine has, because the sizes are made for clusters; nothing is enforced. */
  readonly cpuMilli?: bigint | undefined;
  readonly memoryBytes?: bigint | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export function createLocalNode({ installation, cpuMilli, memoryBytes, ...init }: LocalNodeInit): ProcessNode {
  const cpu = cpuMilli ?? BigInt(Math.max(64, availableParallelism())) * 1_000n;
  const memory = memoryBytes ?? BigInt(Math.max(256 * 2 ** 30, totalmem()));
  const images = createImageTable({ trinoVersions: [installation.version], install: () => Promise.resolve(installation) });
  return createProcessNode({ ...init, images, cpu: formatMilliCpu(cpu), memory: String(memory) });
}
