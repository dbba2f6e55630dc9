// xtrinode crds: the resource definitions, for `kubectl apply --server-side -f -`.
import { Option } from 'commander';
import type { Command } from 'commander';
import { formatObjects, outputFormats, type OutputFormat } from '../format-objects.ts';
import type { CliIo } from '../io.ts';

export function addCrds(program: Command, io: CliIo): void {
  program
    .command('crds')
    .description('print the resource definitions of XTrinode, for kubectl apply --server-side -f -')
    .addOption(new Option('-o, --output <format>', 'format').choices(outputFormats).default('yaml'))
    .action(async ({ output }: { readonly output: OutputFormat }) => {
      const { readDefinitions } = await import('#roles/bootstrap.ts');
      io.out(formatObjects(readDefinitions(), output));
    });
}
