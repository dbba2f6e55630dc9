// The complete official Trino 476, for `--trino-home`: it has what cannot be fetched one by one, such as password files and spooling.
// Fetched by the machine's own Maven and unpacked once, beside the other things that the tests keep.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findDamage, writeManifest } from '#node/trino/manifest.ts';
import { takeLock } from '#node/process-lock.ts';
import { cacheDirectory } from '#roles/local-node.ts';

/** The newest whose archive is published where Maven looks. */
const version = '476';
const archive = `trino-server-${version}.tar.gz`;
const bytes = '821 MB, 0.9 GB unpacked';
/** Over a slow line, or behind another process that does it. */
const withinMs = 30 * 60_000;

/** Its directory. Whole: fetched anew when it was interrupted or a file of it is missing or has another size. */
export async function ensureDistribution(): Promise<string> {
  const cache = cacheDirectory(process.env);
  const directory = join(cache, `trino-distribution-${version}`);
  if ((await findDamage(directory, false))?.length === 0) return directory;
  await mkdir(cache, { recursive: true });
  const release = await takeLock(`${directory}.lock`, {
    signal: AbortSignal.timeout(withinMs),
    onWait: (pid) => process.stderr.write(`waiting for process ${pid}, which is fetching Trino ${version} ...\n`),
  });
  try {
    // Of two that waited only one has anything to do.
    const damaged = await findDamage(directory, false);
    if (damaged?.length === 0) return directory;
    const why = damaged === undefined ? '' : `${damaged.length} files are missing or changed, `;
    process.stderr.write(`end-to-end tests: ${why}fetching the whole Trino ${version} (once, ${bytes}) ...\n`);
    await make(directory);
    return directory;
  } finally {
    await release();
  }
}

async function make(directory: string): Promise<void> {
  const draft = `${directory}.partial`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  try {
    // -C: what comes damaged over the line is refused by its checksum.
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy';
    const fetched = run('mvn', [
      '-B',
      '-q',
      '-C',
      goal,
      `-Dartifact=io.trino:trino-server:${version}:tar.gz`,
      `-DoutputDirectory=${draft}`,
    ]);
    if (fetched !== undefined) throw new Error(`Trino ${version} cannot be fetched: ${fetched}`);
    const unpacked = run('tar', ['-xzf', join(draft, archive), '-C', draft]);
    if (unpacked !== undefined)
      throw new Error(
        `${archive} is damaged in Maven's own repository (usually ~/.m2/repository): delete io/trino/trino-server there and start again: ${unpacked}`,
      );
    const home = join(draft, `trino-server-${version}`);
    await writeManifest(home, version, await directoriesOf(home));
    await rm(directory, { recursive: true, force: true });
    await rename(home, directory);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What a command that fails has said; undefined when it went well. */
function run(command: string, args: readonly string[]): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) return `${command} cannot be run: ${error.message}`;
  return status === 0 ? undefined : `${stdout}${stderr}`.slice(0, 2_000);
}

async function directoriesOf(home: string): Promise<readonly string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => relative(home, join(entry.parentPath, entry.name)));
}
