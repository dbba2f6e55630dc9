// A verb that runs one role as a process: its options, their help and its configuration all come from the role's table
// (config/roles.ts). What the role does is not known here.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError, configFileKey, flagOf, resolveConfig, variableOf } from '#config/resolve.ts';
import { formatDefault, type ConfigOf, type Settings } from '#config/setting.ts';
import { CliError, type CliIo } from './io.ts';
import { readYamlDocuments } from './kubernetes-yaml.ts';

export interface RoleVerb<S extends Settings> {
  readonly name: string;
  readonly description: string;
  readonly settings: S;
  /** A mistake that no single setting shows. */
  readonly findProblem?: (config: ConfigOf<S>) => string | undefined;
  readonly run: (config: ConfigOf<S>, io: CliIo) => Promise<void>;
}

export function addRole<S extends Settings>(program: Command, io: CliIo, verb: RoleVerb<S>): void {
  const { name, settings } = verb;
  const command = program.command(name).description(verb.description);
  for (const [key, setting] of Object.entries(settings)) {
    const written = formatDefault(setting);
    const remark = setting.isRequired ? ' (needed)' : written === undefined ? '' : ` (default ${written})`;
    command.option(`${flagOf(key)} <${setting.kind.placeholder}>`, `${setting.doc}${remark}`);
  }
  command
    .option(`${flagOf(configFileKey)} <file>`, 'YAML file of these settings: leaseDuration for --lease-duration')
    .addHelpText(
      'after',
      `\nEach has a variable too, ${variableOf(name, 'logLevel')} for --log-level. A flag goes before a variable, a variable before the file.`,
    )
    .action(async (flags: Readonly<Record<string, string | undefined>>) => {
      await verb.run(await configure(verb, flags, io), io);
    });
}

async function configure<S extends Settings>(
  { name, settings, findProblem }: RoleVerb<S>,
  flags: Readonly<Record<string, string | undefined>>,
  { env }: CliIo,
): Promise<ConfigOf<S>> {
  const path = flags[configFileKey] ?? env[variableOf(name, configFileKey)];
  const file = path === undefined ? {} : { file: { path, content: await readConfigFile(path) } };
  try {
    const config = resolveConfig(name, settings, { flags, env, ...file });
    const problem = findProblem?.(config);
    if (problem !== undefined) throw new ConfigError(problem);
    return config;
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(`the ${name} cannot start:\n  ${error.message}`, 2);
    throw error;
  }
}

async function readConfigFile(path: string): Promise<unknown> {
  try {
    const documents = readYamlDocuments(await readFile(path, 'utf8'));
    if (documents.length > 1) throw new Error('it has several documents, expected one');
    return documents[0];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`cannot read the configuration file ${path}: ${why}`, 2, error);
  }
}
