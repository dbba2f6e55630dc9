// xtrinode up: the whole system in one process on this machine. Parses the options; roles/up.ts does the work.
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { isQuantity, parseBytes, parseMilliCpu } from '#core/quantity.ts';
import { homeDirectory } from '../home.ts';
import { homeOption } from '../connect.ts';
import type { CliIo } from '../io.ts';

interface Flags {
  readonly home?: string;
  readonly gatewayPort: number;
  readonly kubePort?: number;
  readonly apiPort?: number;
  readonly trinoHome?: string;
  readonly quickstart: boolean;
  readonly offline?: boolean;
  readonly cpu?: bigint;
  readonly memory?: bigint;
}

export function addUp(program: Command, io: CliIo): void {
  program
    .command('up')
    .description('run everything on this machine: API, operator, gateway and real Trino processes')
    .addOption(homeOption())
    .option('--gateway-port <port>', 'where Trino clients connect', port, 8080)
    .option('--kube-port <port>', 'of the embedded Kubernetes API (default: a free one)', port)
    .option('--api-port <port>', 'of the API server and console (default: a free one)', port)
    .option('--trino-home <dir>', 'an unpacked Trino distribution to use instead of fetching one')
    .option('--no-quickstart', 'do not create the example runtime')
    .option('--offline', 'fetch nothing; use what is installed')
    .option('--cpu <cores>', 'processors the local node offers, for example 4 or 1500m', cpu)
    .option('--memory <size>', 'memory the local node offers, for example 16Gi', memory)
    .action(async (flags: Flags) => {
      const { runUp } = await import('#roles/up.ts');
      await runUp({
        home: homeDirectory(flags.home, io.env),
        gatewayPort: flags.gatewayPort,
        quickstart: flags.quickstart,
        offline: flags.offline === true,
        env: io.env,
        signal: io.signal,
        clock: io.clock,
        random: io.random,
        note: (text) => io.note(text),
        isInteractive: io.isInteractive,
        ...(flags.kubePort === undefined ? {} : { kubePort: flags.kubePort }),
        ...(flags.apiPort === undefined ? {} : { apiPort: flags.apiPort }),
        ...(flags.trinoHome === undefined ? {} : { trinoHome: flags.trinoHome }),
        ...(flags.cpu === undefined ? {} : { cpuMilli: flags.cpu }),
        ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
      });
    });
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 65_535) throw new InvalidArgumentError('expected a port number from 0 to 65535.');
  return value;
}

function cpu(text: string): bigint {
  const milli = isQuantity(text) ? parseMilliCpu(text) : 0n;
  if (milli <= 0n) throw new InvalidArgumentError('expected a number of processors, for example 4 or 1500m.');
  return milli;
}

function memory(text: string): bigint {
  const bytes = isQuantity(text) ? parseBytes(text) : 0n;
  if (bytes <= 0n) throw new InvalidArgumentError('expected a size, for example 16Gi.');
  return bytes;
}
