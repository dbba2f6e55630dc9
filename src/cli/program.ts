// The command line: which verbs there are, and what becomes of their failures. Commands do their work through CliIo alone.
import { Command, CommanderError } from 'commander';
import { addApply } from './commands/apply.ts';
import { addCrds } from './commands/crds.ts';
import { addDescribe } from './commands/describe.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGet } from './commands/get.ts';
import { addLifecycle } from './commands/lifecycle.ts';
import { addLogs } from './commands/logs.ts';
import { addQuery } from './commands/query.ts';
import { addRbac } from './commands/rbac.ts';
import { addRoles } from './commands/roles.ts';
import { addRoute } from './commands/route.ts';
import { addUp } from './commands/up.ts';
import { addVersion } from './commands/version.ts';
import { addWhy } from './commands/why.ts';
import { formatFailure } from './errors.ts';
import type { CliIo } from './io.ts';

/** In the order of `--help`. */
const verbs: readonly ((program: Command, io: CliIo) => void)[] = [
  addUp,
  addApply,
  addGet,
  addDescribe,
  addWhy,
  addRoute,
  addSuspendAndResume,
  addQuery,
  addLogs,
  addDoctor,
  addCrds,
  addRbac,
  addRoles,
  addVersion,
];

function addSuspendAndResume(program: Command, io: CliIo): void {
  addLifecycle(program, io);
}

/** Runs one command line (without node and script). Returns the exit code: 0, 1 it failed, 2 wrong usage, 130 interrupted. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // commander has printed its message already; help and version end with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const failure = formatFailure(error, program.opts<{ debug?: boolean }>().debug === true || args.includes('--debug'));
    io.note(failure.text);
    return failure.exitCode;
  }
}

function createProgram(io: CliIo): Command {
  const program = new Command('xtrinode');
  program
    .description('Trino runtimes by name: they sleep when idle and wake on the first query.')
    .option('--debug', 'print stack traces of failures')
    .showHelpAfterError('(xtrinode --help lists what is possible)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.note(text.replace(/^error: /, 'xtrinode: ')) });
  for (const add of verbs) add(program, io);
  // Subcommands made by .command() have inherited exitOverride and the output, because both were set before.
  return program;
}
