// xtrinode version: what runs here.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { CliIo } from '../io.ts';

export function addVersion(program: Command, io: CliIo): void {
  program
    .command('version')
    .description('print the version')
    .action(async () => {
      const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
      io.out(`xtrinode ${version} (Node ${process.versions.node}, ${process.platform}-${process.arch})\n`);
    });
}
