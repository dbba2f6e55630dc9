// xtrinode logs NAME: what the processes of a runtime write, coordinator first.
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Pod } from '#core/objects.ts';
import type { KubeApi, LogOptions } from '#kube/port.ts';
import { pods } from '#kube/resources.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import { CliError } from '../io.ts';
import type { CliIo } from '../io.ts';
import { readRuntime } from '../runtimes.ts';

interface LogsOptions extends ClusterOptions {
  readonly role: 'coordinator' | 'worker';
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tail?: number;
}

export function addLogs(program: Command, io: CliIo): void {
  const command = program
    .command('logs')
    .argument('<name>', 'runtime')
    .description('print the logs of a runtime')
    .addOption(new Option('--role <role>', 'whose logs').choices(['coordinator', 'worker']).default('coordinator'))
    .option('-f, --follow', 'go on printing until Ctrl-C')
    .option('--previous', 'of the process before the last restart')
    .option('--tail <lines>', 'only this many last lines', wholeNumber);
  addClusterOptions(command).action((name: string, options: LogsOptions) => logs(name, options, io));
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}

async function logs(name: string, options: LogsOptions, io: CliIo): Promise<void> {
  await withCluster(options, io, async ({ api, namespace }) => {
    const labelSelector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=${options.role}`;
    const { items } = await api.list<Pod>(pods, { namespace, labelSelector });
    if (items.length === 0) {
      const runtime = await readRuntime(api, { namespace, name });
      throw new CliError(
        `${name} has no ${options.role} Pod: its phase is ${runtime.status?.phase ?? 'Pending'} (xtrinode why ${name} -n ${namespace} says more)`,
      );
    }
    const prefix = items.length > 1;
    await Promise.all(items.map((pod) => printLog(api, pod, options, prefix ? `[${pod.metadata.name}] ` : '', io)));
  });
}

async function printLog(api: KubeApi, pod: Pod, options: LogsOptions, prefix: string, io: CliIo): Promise<void> {
  const container = pod.spec.containers[0]?.name;
  const wanted: LogOptions = {
    signal: io.signal,
    ...(container === undefined ? {} : { container }),
    ...(options.follow === true ? { follow: true } : {}),
    ...(options.previous === true ? { previous: true } : {}),
    ...(options.tail === undefined ? {} : { tailLines: options.tail }),
  };
  const key = { name: pod.metadata.name, ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }) };
  let rest = '';
  for await (const chunk of api.readLog(key, wanted)) {
    if (prefix === '') {
      io.out(chunk);
      continue;
    }
    // Whole lines only, so that the lines of several Pods do not mix.
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) io.out(`${prefix}${line}\n`);
  }
  if (rest !== '') io.out(`${prefix}${rest}\n`);
}
