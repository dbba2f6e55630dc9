// Fetches one set of jars with the user's own Maven (its settings.xml and mirrors decide where from). It knows no registry.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { SetupError } from '../setup-error.ts';

// pinned, so that every machine copies by the same rules
const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

export interface MavenFetch {
  /** `trino-main` of group io.trino. */
  readonly artifact: string;
  readonly version: string;
  readonly outputDirectory: string;
  /** For the generated pom and the log. */
  readonly workDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Each jar that Maven fetched from afar; jars it already had are not told. */
  readonly onDownloaded: (jar: { readonly name: string; readonly bytes: number }) => void;
}

/** Copies the run-time jars of one artifact. Throws SetupError with Maven's telling lines and the path of the full log. */
export async function fetchWithMaven(fetch: MavenFetch): Promise<void> {
  await rm(fetch.outputDirectory, { recursive: true, force: true });
  await mkdir(fetch.outputDirectory, { recursive: true });
  const pom = join(fetch.workDirectory, `${fetch.artifact}.pom.xml`);
  const log = join(fetch.workDirectory, `${fetch.artifact}.mvn.log`);
  await writeFile(pom, formatPom(fetch));
  const args = ['-B', '-f', pom, COPY_GOAL, '-DincludeScope=runtime', `-DoutputDirectory=${fetch.outputDirectory}`];
  const result = await runCommand('mvn', args, {
    env: fetch.env,
    signal: fetch.signal,
    onLine: (line) => {
      const jar = parseDownloaded(line);
      if (jar !== undefined) fetch.onDownloaded(jar);
    },
  });
  await writeFile(log, result.output);
  if (result.exitCode !== 0) throw mavenFailed(fetch, log, result.output);
}

/** True when a Maven can be run with this environment. */
export async function isMavenThere(env: MavenFetch['env']): Promise<boolean> {
  const result = await runCommand('mvn', ['-v'], { env }).catch(() => undefined);
  return result?.exitCode === 0;
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1_000, MB: 1_000_000, GB: 1_000_000_000 };

/** `[INFO] Downloaded from <id>: <address>/x.jar (1.2 MB at 3 MB/s)` -> its name and bytes. Other lines -> undefined. Pure. */
export function parseDownloaded(line: string): { readonly name: string; readonly bytes: number } | undefined {
  const match = /Downloaded from [^:\s]+: \S*\/([^/\s]+\.jar) \(([\d.]+) (B|kB|MB|GB)\b/.exec(line);
  if (match === null) return undefined;
  const [, name = '', amount = '0', unit = 'B'] = match;
  return { name, bytes: Math.round(Number(amount) * (UNIT_BYTES[unit] ?? 1)) };
}

/** The few lines of Maven's output that say what went wrong. Pure. */
export function tellingMavenLines(output: string): string {
  const errors = output.split('\n').filter((line) => line.startsWith('[ERROR]') && line.length > 9);
  const worth = errors.filter((line) => !/Re-run Maven|To see the full stack|For more information|\[Help \d\] http/.test(line));
  const lines = worth.length > 0 ? worth : output.trim().split('\n').slice(-3);
  return lines
    .slice(0, 3)
    .map((line) => line.replace(/^\[ERROR\]\s*/, '').slice(0, 400))
    .join(' ');
}

function mavenFailed(fetch: MavenFetch, log: string, output: string): SetupError {
  const isFull = /No space left on device/i.test(output);
  return new SetupError({
    what: `Maven could not fetch io.trino:${fetch.artifact}:${fetch.version}`,
    why: `${isFull ? 'the disk is full: ' : ''}${tellingMavenLines(output)}`,
    mend: isFull
      ? `Free space for Maven's repository (usually ~/.m2) and ${fetch.workDirectory}, then start again; what was fetched is kept.`
      : `The whole log is in ${log}. Check the network or Maven's settings.xml (mirror, proxy), then start again; what was fetched is kept.`,
  });
}

function formatPom(fetch: Pick<MavenFetch, 'artifact' | 'version'>): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>xtrinode.local</groupId>
  <artifactId>fetch-${fetch.artifact}</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>io.trino</groupId><artifactId>${fetch.artifact}</artifactId><version>${fetch.version}</version></dependency>
  </dependencies>
</project>
`;
}
