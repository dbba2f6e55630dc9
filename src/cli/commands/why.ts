// xtrinode why NAME: why it is awake or asleep and what it waits for, in plain words.
import type { Command } from 'commander';
import { explainRuntime } from '#apis/v1/why.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import type { CliIo } from '../io.ts';
import { readRuntime } from '../runtimes.ts';
import { printable } from '../table.ts';

export function addWhy(program: Command, io: CliIo): void {
  const command = program
    .command('why')
    .argument('<name>', 'runtime')
    .description('say why a runtime is awake or asleep and what it waits for');
  addClusterOptions(command).action(async (name: string, options: ClusterOptions) => {
    await withCluster(options, io, async ({ api, namespace }) => {
      const runtime = await readRuntime(api, { namespace, name });
      for (const line of explainRuntime(runtime, io.clock.now())) io.out(`${printable(line)}\n`);
    });
  });
}
