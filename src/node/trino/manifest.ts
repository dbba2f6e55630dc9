// The list of files of a finished installation with sizes and hashes, written last: an installation without it is not one.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

const FILE_NAME = 'manifest.json';
const FORMAT = 1;

interface ManifestFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

interface Manifest {
  readonly format: number;
  readonly version: string;
  readonly files: readonly ManifestFile[];
}

/** Lists every file under `parts` (directories relative to `directory`) and writes the manifest. */
export async function writeManifest(directory: string, version: string, parts: readonly string[]): Promise<void> {
  const files: ManifestFile[] = [];
  for (const part of parts) {
    const entries = await readdir(join(directory, part), { withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = join(entry.parentPath, entry.name);
      files.push({ path: relative(directory, file), size: (await stat(file)).size, sha256: await hashFile(file) });
    }
  }
  const manifest: Manifest = { format: FORMAT, version, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
  await writeFile(join(directory, FILE_NAME), `${JSON.stringify(manifest, undefined, 1)}\n`);
}

/**
 * Paths of files that are missing or differ; undefined when there is no (readable) manifest, so nothing can be said.
 * Sizes are always compared (milliseconds); hashes when `isThorough` (seconds).
 */
export async function findDamage(directory: string, isThorough: boolean): Promise<readonly string[] | undefined> {
  const manifest = await readManifest(directory);
  if (manifest === undefined) return undefined;
  const damaged: string[] = [];
  for (const file of manifest.files) {
    const path = join(directory, file.path);
    const size = (await stat(path).catch(() => undefined))?.size;
    const isWhole = size === file.size && (!isThorough || (await hashFile(path)) === file.sha256);
    if (!isWhole) damaged.push(file.path);
  }
  return damaged;
}

async function readManifest(directory: string): Promise<Manifest | undefined> {
  const text = await readFile(join(directory, FILE_NAME), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(text) as Manifest;
    return manifest.format === FORMAT && Array.isArray(manifest.files) ? manifest : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
