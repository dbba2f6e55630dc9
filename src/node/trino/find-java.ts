// Finds a JDK that is new enough on this machine: JAVA_HOME, PATH, the usual directories. Looks only; installs nothing.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { SetupError } from '../setup-error.ts';

export interface JavaInstallation {
  readonly home: string;
  readonly java: string;
  readonly major: number;
  /** As the `release` file or `java -version` says it, e.g. `25.0.3`. */
  readonly version: string;
  /** Has a compiler. A bare runtime environment has none. */
  readonly isJdk: boolean;
}

export interface FindJavaOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly minimumMajor: number;
  /** Only for tests: where Linux distributions put their JDKs. */
  readonly systemDirectory?: string;
}

/** Trino's own table of the Java that each version needs. Source: spec of Trino releases 435 to 483. */
export function javaMajorForTrino(trinoVersion: string): number {
  const version = Number.parseInt(trinoVersion, 10);
  if (version >= 479) return 25;
  if (version >= 476) return 24;
  if (version >= 464) return 23;
  return 22; // the launcher's own floor: it needs InetAddress.ofLiteral
}

/** `25.0.3` -> 25, `1.8.0_402` -> 8. Undefined when it is no version. Pure. */
export function parseJavaMajor(version: string): number | undefined {
  const match = /^(?:1\.)?(\d+)/.exec(version);
  return match === null ? undefined : Number(match[1]);
}

/** The JDK to use: JAVA_HOME's if it is new enough, else the newest found. Throws SetupError listing what was found. */
export async function findJava(options: FindJavaOptions): Promise<JavaInstallation> {
  const found: JavaInstallation[] = [];
  const seen = new Set<string>();
  for (const home of await candidateHomes(options)) {
    const real = await realpath(home).catch(() => undefined);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const installation = await inspect(real, options.env);
    if (installation === undefined) continue;
    found.push(installation);
    const isWish = options.env['JAVA_HOME'] !== undefined && found.length === 1;
    if (isWish && installation.isJdk && installation.major >= options.minimumMajor) return installation;
  }
  const usable = found.filter((java) => java.isJdk && java.major >= options.minimumMajor);
  const best = usable.toSorted((a, b) => a.major - b.major)[0];
  if (best !== undefined) return best;
  const list = found.map((java) => `${java.version} in ${java.home}${java.isJdk ? '' : ' (no compiler: a JRE)'}`);
  throw new SetupError({
    what: `No JDK ${options.minimumMajor} or newer was found`,
    why: list.length === 0 ? 'there is no Java on this machine.' : `found only ${list.join(', ')}.`,
    mend: `Install Temurin ${options.minimumMajor} (Debian/Ubuntu: \`apt install temurin-${options.minimumMajor}-jdk\` from the Adoptium packages; SDKMAN: \`sdk install java ${options.minimumMajor}-tem\`) and set JAVA_HOME to it.`,
  });
}

async function candidateHomes(options: FindJavaOptions): Promise<readonly string[]> {
  const { env } = options;
  const homes: string[] = [];
  if (env['JAVA_HOME']) homes.push(env['JAVA_HOME']);
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const java = await realpath(join(directory, 'java')).catch(() => undefined);
    if (java !== undefined) homes.push(dirname(dirname(java)));
  }
  homes.push(...(await subdirectories(options.systemDirectory ?? '/usr/lib/jvm')));
  if (env['HOME']) homes.push(...(await subdirectories(join(env['HOME'], '.sdkman', 'candidates', 'java'))));
  return homes;
}

async function subdirectories(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join(directory, name));
}

async function inspect(home: string, env: FindJavaOptions['env']): Promise<JavaInstallation | undefined> {
  const java = join(home, 'bin', 'java');
  if (!(await isFile(java))) return undefined;
  const version = (await versionFromRelease(home)) ?? (await versionFromCommand(java, env));
  const major = version === undefined ? undefined : parseJavaMajor(version);
  if (version === undefined || major === undefined) return undefined;
  return { home, java, version, major, isJdk: await isFile(join(home, 'bin', 'javac')) };
}

async function versionFromRelease(home: string): Promise<string | undefined> {
  const text = await readFile(join(home, 'release'), 'utf8').catch(() => '');
  return /^JAVA_VERSION="([^"]+)"/m.exec(text)?.[1];
}

async function versionFromCommand(java: string, env: FindJavaOptions['env']): Promise<string | undefined> {
  const result = await runCommand(java, ['-version'], { env }).catch(() => undefined);
  return result === undefined ? undefined : /version "([^"]+)"/.exec(result.output)?.[1];
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
