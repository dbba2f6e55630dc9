// xtrinode gateway: the gateway as a process of its own. Parses the options; roles/gateway.ts does the work.
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { CliIo } from '../io.ts';

interface Flags {
  readonly routes: string;
  readonly listen: { readonly host: string; readonly port: number };
}

export function addGateway(program: Command, io: CliIo): void {
  program
    .command('gateway')
    .description('run the gateway alone, with its routes from a file')
    .requiredOption('--routes <file>', 'list of route entries in YAML or JSON, read again when it changes')
    .option('--listen <address:port>', 'where Trino clients connect; port 0 takes a free one', address, { host: '127.0.0.1', port: 8080 })
    .action(async ({ routes, listen }: Flags) => {
      const { runGateway } = await import('#roles/gateway.ts');
      const { clock, signal, isInteractive } = io;
      await runGateway({
        routesFile: routes,
        listen,
        clock,
        signal,
        isInteractive,
        out: (text) => io.out(text),
        note: (text) => io.note(text),
      });
    });
}

/** `0.0.0.0:8080`, `[::]:8080`, `localhost:0`. */
function address(text: string): Flags['listen'] {
  const [, host = '', port = ''] = /^(?:\[(?=[^\]]*:))?([^\][]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  const isGood = host !== '' && Number(port) <= 65_535 && (!host.includes(':') || text.startsWith('['));
  if (!isGood) throw new InvalidArgumentError('expected an address and a port, for example 127.0.0.1:8080 or [::1]:0.');
  return { host, port: Number(port) };
}
