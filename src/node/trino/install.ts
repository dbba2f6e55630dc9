// Makes sure that a Trino is on this machine and says where: fetched by Maven once per machine and version, or an unpacked
// official distribution. Resumable: work happens in `trino-<v>.partial`, part by part, and is renamed when complete.
import { mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '#core/hash.ts';
import { SetupError } from '../setup-error.ts';
import { findJava, javaMajorForTrino } from './find-java.ts';
import { takeLock } from '../process-lock.ts';
import type { InstallProgress, TrinoInstallation } from './installation.ts';
import { ensureLauncherJar } from './launcher-jar.ts';
import { findDamage, writeManifest } from './manifest.ts';
import { fetchWithMaven, isMavenThere } from './maven.ts';
import { neededBytes, trinoParts, type TrinoPart } from './parts.ts';
import { formatStoredZip } from './stored-zip.ts';

export interface EnsureTrinoOptions {
  /** As in the image tag, e.g. `483`. */
  readonly version: string;
  readonly cacheDir: string;
  /** An unpacked official distribution (lib/, plugin/); used as it is, whatever `version` it has. */
  readonly trinoHome?: string;
  /** Fetch nothing. */
  readonly offline: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (progress: InstallProgress) => void;
  readonly signal: AbortSignal;
}

/** Returns when Trino can be started. Throws SetupError for what the user can mend; rejects when `signal` aborts. */
export async function ensureTrino(options: EnsureTrinoOptions): Promise<TrinoInstallation> {
  const { cacheDir, env } = options;
  const version = options.trinoHome === undefined ? options.version : await readDistributionVersion(options.trinoHome);
  const java = await findJava({ env, minimumMajor: javaMajorForTrino(version) });
  await makeCacheDirectory(cacheDir);
  const directory = options.trinoHome ?? (await ensureFromMaven({ ...options, env: { JAVA_HOME: java.home, ...env } }));
  const isDistribution = options.trinoHome !== undefined;
  const launcherJar = await ensureLauncherJar({ cacheDir, java, env });
  return {
    version,
    javaHome: java.home,
    directory,
    libDirectory: join(directory, 'lib'),
    pluginDirectory: join(directory, 'plugin'),
    launcherJar,
    launcherArguments: isDistribution ? ['main', 'io.trino.server.TrinoServer'] : ['server', version],
    origin: isDistribution ? 'distribution' : 'maven',
    aotCacheFile: join(cacheDir, aotCacheName({ version, javaVersion: java.version, directory, launcherJar })),
  };
}

/** Files of the fetched Trino that are missing or changed, by hash (`xtrinode doctor`). Undefined when it is not installed. */
export function verifyTrino(options: { readonly cacheDir: string; readonly version: string }): Promise<readonly string[] | undefined> {
  return findDamage(installedDirectory(options), true);
}

/** Deletes what does not match its hash and fetches it again by the next ensureTrino. Returns the damaged paths. */
export async function dropDamaged(options: { readonly cacheDir: string; readonly version: string }): Promise<readonly string[]> {
  const damaged = (await verifyTrino(options)) ?? [];
  for (const path of damaged) await rm(join(installedDirectory(options), path), { force: true });
  return damaged;
}

function installedDirectory(options: { readonly cacheDir: string; readonly version: string }): string {
  return join(options.cacheDir, `trino-${options.version}`);
}

async function readDistributionVersion(trinoHome: string): Promise<string> {
  const jars = await readdir(join(trinoHome, 'lib')).catch(() => [] as string[]);
  const versions = jars.map((jar) => /trino-main-(\d+[^/]*)\.jar$/.exec(jar)?.[1]);
  const version = versions.find((each) => each !== undefined);
  if (version !== undefined) return version;
  throw new SetupError({
    what: `${trinoHome} is not an unpacked Trino distribution`,
    why: 'it has no lib/ directory with a trino-main jar.',
    mend: 'Give --trino-home (or TRINO_HOME) the directory that holds lib/ and plugin/ of an unpacked trino-server archive.',
  });
}

async function ensureFromMaven(options: EnsureTrinoOptions): Promise<string> {
  const directory = installedDirectory(options);
  const lookedAt = await findDamage(directory, false);
  if (lookedAt?.length === 0) return directory;
  if (options.offline) throw offlineAndEmpty(options, lookedAt);

  const release = await takeLock(`${directory}.lock`, {
    signal: options.signal,
    onWait: (pid) => {
      options.progress({ step: `waiting for process ${pid}, which is installing Trino ${options.version}`, done: 0, total: 0 });
    },
  });
  try {
    const damaged = await findDamage(directory, false);
    if (damaged?.length === 0) return directory;
    await fetchParts(options, directory, damaged ?? []);
    await removeAotCaches(options);
    return directory;
  } catch (error) {
    throw isDiskFull(error) ? diskFull(options.cacheDir) : error;
  } finally {
    await release();
  }
}

/** A cache is bound to the class path, byte for byte and in its place: another one has another name. */
function aotCacheName(of: {
  readonly version: string;
  readonly javaVersion: string;
  readonly directory: string;
  readonly launcherJar: string;
}): string {
  return `trino-${of.version}-java-${of.javaVersion}-${sha256Hex(`${of.directory}:${of.launcherJar}`, 8)}.aot`;
}

/** Newly fetched files have new times, by which the JVM tells that a cache does not fit. */
async function removeAotCaches({ cacheDir, version }: EnsureTrinoOptions): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith(`trino-${version}-java-`));
  for (const name of names) await rm(join(cacheDir, name), { recursive: true, force: true });
}

async function fetchParts(options: EnsureTrinoOptions, directory: string, damaged: readonly string[]): Promise<void> {
  const partial = `${directory}.partial`;
  if (damaged.length > 0) {
    const step = `repairing Trino ${options.version}: ${damaged.length} files are missing or changed (${damaged[0]}), fetching again`;
    options.progress({ step, done: 0, total: damaged.length });
  }
  await takeUpFormerWork(directory, partial);
  for (const part of trinoParts) {
    if (damaged.some((path) => path.startsWith(`${part.directory}/`))) await rm(doneMarker(partial, part), { force: true });
  }
  const missing: TrinoPart[] = [];
  for (const part of trinoParts) if (!(await exists(doneMarker(partial, part)))) missing.push(part);
  if (missing.length > 0) await checkMeans(options);
  for (const part of missing) await fetchPart(options, partial, part);
  await writeManifest(
    partial,
    options.version,
    trinoParts.map((part) => part.directory),
  );
  await rename(partial, directory);
}

/** A damaged installation becomes the partial one, so that its whole parts need no second fetch. */
async function takeUpFormerWork(directory: string, partial: string): Promise<void> {
  if (await exists(directory)) {
    await rm(partial, { recursive: true, force: true });
    await rename(directory, partial);
    await rm(join(partial, 'manifest.json'), { force: true });
  }
  await mkdir(join(partial, 'done'), { recursive: true });
}

async function fetchPart(options: EnsureTrinoOptions, partial: string, part: TrinoPart): Promise<void> {
  const step = `Trino ${options.version}: ${part.name}`;
  let done = 0;
  let bytes = 0;
  options.progress({ step, done, total: part.jars, bytes });
  const outputDirectory = join(partial, part.directory);
  await fetchWithMaven({
    artifact: part.artifact,
    version: options.version,
    outputDirectory,
    workDirectory: partial,
    env: options.env,
    signal: options.signal,
    onDownloaded: (jar) => {
      done += 1;
      bytes += jar.bytes;
      options.progress({ step, done: Math.min(done, part.jars), total: part.jars, bytes });
    },
  });
  if (part.pluginClass !== undefined) {
    const descriptor = { name: 'META-INF/services/io.trino.spi.Plugin', data: Buffer.from(`${part.pluginClass}\n`) };
    await writeFile(join(outputDirectory, 'services.jar'), formatStoredZip([descriptor]));
  }
  const total = (await readdir(outputDirectory)).length;
  await writeFile(doneMarker(partial, part), '');
  options.progress({ step, done: total, total, bytes });
}

async function checkMeans(options: EnsureTrinoOptions): Promise<void> {
  if (!(await isMavenThere(options.env))) {
    throw new SetupError({
      what: `Trino ${options.version} cannot be fetched`,
      why: 'it comes from Maven Central by the command `mvn`, which cannot be run here.',
      mend: 'Install Maven 3.8 or newer (Debian/Ubuntu: `apt install maven`), or give an unpacked official distribution with `--trino-home DIR` or TRINO_HOME.',
    });
  }
  const disk = await statfs(options.cacheDir);
  if (disk.bavail * disk.bsize < neededBytes) throw diskFull(options.cacheDir);
}

async function makeCacheDirectory(cacheDir: string): Promise<void> {
  try {
    await mkdir(cacheDir, { recursive: true });
  } catch (error) {
    throw isDiskFull(error) ? diskFull(cacheDir) : error;
  }
}

function doneMarker(partial: string, part: TrinoPart): string {
  return join(partial, 'done', part.name);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function isDiskFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
}

function diskFull(cacheDir: string): SetupError {
  return new SetupError({
    what: `There is not enough room in ${cacheDir}`,
    why: `Trino needs about ${neededBytes / 1024 / 1024} MiB there and in Maven's repository.`,
    mend: 'Free some space, or set XTRINODE_CACHE to a directory on another disk.',
  });
}

function offlineAndEmpty(options: EnsureTrinoOptions, damaged: readonly string[] | undefined): SetupError {
  return new SetupError({
    what: `Trino ${options.version} is not on this machine`,
    why:
      damaged === undefined
        ? `${options.cacheDir} does not hold it, and fetching is off (--offline).`
        : `${damaged.length} files of it in ${options.cacheDir} are missing or changed, and fetching is off (--offline).`,
    mend: 'Start once without --offline, or give an unpacked official distribution with `--trino-home DIR` or TRINO_HOME.',
  });
}
