// xtrinode doctor: what `up` needs from this machine, each with its way to mend it.
import type { Command } from 'commander';
import { formatFindings } from '../findings.ts';
import { homeOption } from '../connect.ts';
import { homeDirectory } from '../home.ts';
import { CliError } from '../io.ts';
import type { CliIo } from '../io.ts';

interface DoctorOptions {
  readonly home?: string;
  readonly gatewayPort: string;
  readonly trinoHome?: string;
}

export function addDoctor(program: Command, io: CliIo): void {
  program
    .command('doctor')
    .description('check what "xtrinode up" needs on this machine')
    .addOption(homeOption())
    .option('--gateway-port <port>', 'port to check', '8080')
    .option('--trino-home <dir>', 'an unpacked Trino distribution that "up" shall use')
    .action(async (options: DoctorOptions) => {
      const { examineMachine } = await import('../examine-machine.ts');
      const findings = await examineMachine({
        env: io.env,
        home: homeDirectory(options.home, io.env),
        gatewayPort: Number(options.gatewayPort),
        ...(options.trinoHome === undefined ? {} : { trinoHome: options.trinoHome }),
      });
      io.out(formatFindings(findings));
      const failed = findings.filter((finding) => finding.level === 'fail').length;
      if (failed > 0) throw new CliError(`${failed} ${failed === 1 ? 'check' : 'checks'} failed: "xtrinode up" cannot work here yet`);
    });
}
