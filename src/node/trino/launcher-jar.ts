// Compiles our two Java classes with the JDK at hand into <cacheDir>/launcher-<hash>.jar, once per source and JDK.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../run-command.ts';
import { SetupError } from '../setup-error.ts';
import type { JavaInstallation } from './find-java.ts';
import { formatStoredZip, type ZipEntry } from './stored-zip.ts';

const SOURCE_DIRECTORY = fileURLToPath(new URL('./java/xtrinode/launcher/', import.meta.url));
const SOURCES = ['Main.java', 'NamesResolverProvider.java'] as const;
const RESOLVER_SERVICE: ZipEntry = {
  name: 'META-INF/services/java.net.spi.InetAddressResolverProvider',
  data: Buffer.from('xtrinode.launcher.NamesResolverProvider\n'),
};
// InetAddress.ofLiteral, the newest thing the launcher uses, is of Java 22
const RELEASE = '22';

/** Path of the jar, compiled if it is not there yet. Throws SetupError when the compiler fails. */
export async function ensureLauncherJar(options: {
  readonly cacheDir: string;
  readonly java: JavaInstallation;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<string> {
  const texts = await Promise.all(SOURCES.map((name) => readFile(join(SOURCE_DIRECTORY, name), 'utf8')));
  const hash = createHash('sha256')
    .update([RELEASE, ...texts].join('\0'))
    .digest('hex')
    .slice(0, 12);
  const jar = join(options.cacheDir, `launcher-${hash}.jar`);
  if ((await stat(jar).catch(() => undefined))?.isFile()) return jar;

  await mkdir(options.cacheDir, { recursive: true });
  const work = await mkdtemp(join(options.cacheDir, 'launcher-build-'));
  try {
    const files = SOURCES.map((name) => join(SOURCE_DIRECTORY, name));
    const javac = join(options.java.home, 'bin', 'javac');
    const result = await runCommand(javac, ['--release', RELEASE, '-d', work, ...files], { env: options.env });
    if (result.exitCode !== 0) {
      throw new SetupError({
        what: 'The launcher of Trino cannot be compiled',
        why: `${javac} said: ${result.output.trim().slice(-600)}`,
        mend: 'Set JAVA_HOME to a complete JDK, e.g. Temurin 25.',
      });
    }
    await writeFile(join(work, 'launcher.jar'), formatStoredZip([RESOLVER_SERVICE, ...(await readClasses(work))]));
    await rename(join(work, 'launcher.jar'), jar);
    return jar;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function readClasses(directory: string): Promise<readonly ZipEntry[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.toSorted().map(async (file) => ({ name: relative(directory, file), data: await readFile(file) })));
}
