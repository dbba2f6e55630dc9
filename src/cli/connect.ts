// Which API server a verb talks to: --kubeconfig, KUBECONFIG, the running `up`, ~/.kube/config, in this order.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { HttpKubeApi } from '#kube/client/http-kube-api.ts';
import { createLog } from '#observe/log.ts';
import { homeDirectory, readUpState } from './home.ts';
import type { CliIo } from './io.ts';

export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly home?: string;
}

export interface Connection {
  readonly api: HttpKubeApi;
  readonly namespace: string;
}

export function addClusterOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace (default: that of the kubeconfig context)')
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, the running "xtrinode up", ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(homeOption());
}

export function homeOption(): Option {
  return new Option('--home <dir>', 'directory of the local "xtrinode up" (default: XTRINODE_HOME, ~/.xtrinode)');
}

export function kubeconfigPathFor(options: ClusterOptions, io: CliIo): string | undefined {
  if (options.kubeconfig !== undefined) return options.kubeconfig;
  if ((io.env['KUBECONFIG'] ?? '') !== '') return undefined;
  return readUpState(homeDirectory(options.home, io.env))?.kubeconfigPath;
}

/** Runs `work` with a client that is closed afterwards, however it ends. */
export async function withCluster<T>(options: ClusterOptions, io: CliIo, work: (connection: Connection) => Promise<T>): Promise<T> {
  // Loaded here: the HTTP client costs 100 ms that `--help` and `version` need not pay.
  const { createHttpKubeApi } = await import('#kube/client/http-kube-api.ts');
  const kubeconfigPath = kubeconfigPathFor(options, io);
  const api = createHttpKubeApi({
    env: io.env,
    clock: io.clock,
    random: io.random,
    log: createLog({ level: 'warn', format: 'pretty', write: (line) => io.note(line) }),
    onWarning: (text) => io.note(`Warning: ${text}\n`),
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
    ...(options.context === undefined ? {} : { context: options.context }),
  });
  try {
    return await work({ api, namespace: options.namespace ?? api.namespace });
  } finally {
    await api.close();
  }
}
