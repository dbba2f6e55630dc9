// Makes the stock Trino clients ready, each pinned, once per machine: kept in the cache under a name that tells its version,
// made by the ordinary package clients of the machine (mvn, javac, pip, npm, go), whose own settings say where from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '#roles/local-node.ts';
import { findJava, javaMajorForTrino } from '#node/trino/find-java.ts';

export interface PreparedClients {
  readonly java: string;
  readonly cliJar: string;
  readonly jdbcClassPath: string;
  readonly pythonPath: string;
  readonly javascriptDirectory: string;
  readonly goProgram: string;
}

/** What runs many statements in one process, and what is asked for only in the long tests. */
export interface PreparedSessions {
  readonly java: string;
  readonly cliJar: string;
  readonly jdbcClassPath: string;
  readonly pythonPath: string;
  /** SQLAlchemy and dbt. */
  readonly dbtPath: string;
  readonly javascriptDirectory: string;
  readonly goProgram: string;
}

export const sources = import.meta.dirname;

export function run(command: string, args: readonly string[], directory: string, env: Record<string, string> = {}): void {
  const result = spawnSync(command, args, { cwd: directory, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (result.error !== undefined) throw new Error(`${command} cannot be run, and the end-to-end tests need it: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`);
}

/** Names change with the content of what they are made from, so that an edit makes a new one. */
function fingerprint(...files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(sources, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Runs `make` in an empty directory and renames it when complete: an interruption leaves nothing half done. */
export function once(root: string, name: string, make: (directory: string) => void): string {
  const directory = join(root, name);
  if (existsSync(directory)) return directory;
  mkdirSync(root, { recursive: true });
  const draft = mkdtempSync(join(root, `${name}.draft-`));
  try {
    process.stderr.write(`end-to-end tests: making ${name} ready (once) ...\n`);
    make(draft);
    renameSync(draft, directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return directory;
}

function copyArtifact(artifact: string): (directory: string) => void {
  // Not a newer one: those also read the artifact's project file, and that of JDBC 484 names a parent part that cannot be had.
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy';
  return (directory) => run('mvn', ['-B', '-q', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`], directory);
}

function installPython(root: string, name: string, requirements: string): string {
  return once(root, `${name}-${fingerprint(`python/${requirements}`)}`, (directory) =>
    run('python3', ['-m', 'pip', 'install', '-q', '--target', directory, '-r', join(sources, 'python', requirements)], directory),
  );
}

function compileJava(root: string, javaHome: string, file: string): string {
  return once(root, `java-${file}-${fingerprint(`java/${file}`)}`, (directory) =>
    run(join(javaHome, 'bin', 'javac'), ['-d', directory, join(sources, 'java', file)], directory),
  );
}

function buildGo(directory: string, program: string): void {
  run('go', ['build', '-trimpath', '-o', program, directory], join(sources, 'go'), { CGO_ENABLED: '0' });
}

export async function prepareClients(): Promise<PreparedClients> {
  const root = join(cacheDirectory(process.env), 'clients');
  const java = await findJava({ env: process.env, minimumMajor: javaMajorForTrino('483') });
  const cli = once(root, 'trino-cli-476', copyArtifact('io.trino:trino-cli:476:jar:executable'));
  const jdbc = once(root, 'trino-jdbc-484', copyArtifact('io.trino:trino-jdbc:484'));
  const runQuery = compileJava(root, java.home, 'RunQuery.java');
  const python = installPython(root, 'python-0.340.0', 'requirements.txt');
  const javascript = once(root, `javascript-0.2.9-${fingerprint('javascript/package-lock.json')}`, (directory) => {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(sources, 'javascript', file), join(directory, file));
    run('npm', ['ci', '--silent', '--no-audit', '--no-fund'], directory);
  });
  const go = once(root, `go-0.333.0-${fingerprint('go/main.go', 'go/go.sum')}`, (directory) => buildGo('.', join(directory, 'run-query')));
  return {
    java: java.java,
    cliJar: join(cli, 'trino-cli-476-executable.jar'),
    jdbcClassPath: `${join(jdbc, 'trino-jdbc-484.jar')}:${runQuery}`,
    pythonPath: python,
    javascriptDirectory: javascript,
    goProgram: join(go, 'run-query'),
  };
}

export async function prepareSessions(): Promise<PreparedSessions> {
  const root = join(cacheDirectory(process.env), 'clients');
  const { java, cliJar, jdbcClassPath, pythonPath, javascriptDirectory } = await prepareClients();
  const javaHome = join(java, '..', '..');
  const go = once(root, `go-sessions-0.333.0-${fingerprint('go/sessions/main.go', 'go/go.sum')}`, (directory) =>
    buildGo('./sessions', join(directory, 'run-sessions')),
  );
  return {
    java,
    cliJar,
    jdbcClassPath: `${jdbcClassPath}:${compileJava(root, javaHome, 'RunSessions.java')}`,
    pythonPath,
    dbtPath: installPython(root, 'dbt-trino-1.9.3', 'requirements-dbt.txt'),
    javascriptDirectory,
    goProgram: join(go, 'run-sessions'),
  };
}
