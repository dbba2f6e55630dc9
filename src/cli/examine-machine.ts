// Looks at this machine for doctor: versions, ports, memory, disk, the fetched Trino. Changes nothing.
import { readFile, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { findJava, javaMajorForTrino } from '#node/trino/find-java.ts';
import { verifyTrino } from '#node/trino/install.ts';
import { isMavenThere } from '#node/trino/maven.ts';
import { mavenTrinoVersions, neededBytes } from '#node/trino/parts.ts';
import { runCommand } from '#node/run-command.ts';
import { SetupError } from '#node/setup-error.ts';
import { judgeDisk, judgeMemory } from './findings.ts';
import type { Finding } from './findings.ts';
import { readUpState } from './home.ts';

export interface ExaminedMachine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly gatewayPort: number;
  readonly trinoHome?: string;
}

const oldestNode = 24;

export async function examineMachine(machine: ExaminedMachine): Promise<readonly Finding[]> {
  const version = mavenTrinoVersions[0] ?? '483';
  // From the composition root itself, so that doctor looks where up does.
  const { cacheDirectory } = await import('#roles/local-node.ts');
  const cacheDir = cacheDirectory(machine.env);
  const isInstalled = machine.trinoHome !== undefined || (await exists(join(cacheDir, `trino-${version}`)));
  return [
    checkPlatform(),
    checkNode(),
    await checkJava(machine.env, javaMajorForTrino(version)),
    await checkMaven(machine.env, isInstalled),
    await checkKubectl(machine.env),
    await checkPort(machine),
    judgeMemory(await availableMemory()),
    judgeDisk(await availableDisk(cacheDir), isInstalled ? neededBytes / 4 : neededBytes, cacheDir),
    await checkCache(cacheDir, version, machine.trinoHome),
  ];
}

function checkPlatform(): Finding {
  const found = `${process.platform}-${process.arch}`;
  if (process.platform === 'linux') return { level: 'ok', subject: 'platform', found };
  return { level: 'fail', subject: 'platform', found, mend: 'Local Trino needs Linux: use a Linux machine, a VM or WSL 2.' };
}

function checkNode(): Finding {
  const found = process.versions.node;
  if (Number(found.split('.')[0]) >= oldestNode) return { level: 'ok', subject: 'Node', found };
  return {
    level: 'fail',
    subject: 'Node',
    found: `${found}, ${oldestNode} or newer needed`,
    mend: 'Start through npm run (npm run xtrinode -- doctor): it brings the right one.',
  };
}

async function checkJava(env: ExaminedMachine['env'], minimumMajor: number): Promise<Finding> {
  try {
    const java = await findJava({ env, minimumMajor });
    return { level: 'ok', subject: 'JDK', found: `${java.version} in ${java.home}` };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { level: 'fail', subject: 'JDK', found: `${error.what}: ${error.why}`, mend: error.mend };
  }
}

async function checkMaven(env: ExaminedMachine['env'], isInstalled: boolean): Promise<Finding> {
  if (await isMavenThere(env)) return { level: 'ok', subject: 'Maven', found: 'found' };
  if (isInstalled) return { level: 'ok', subject: 'Maven', found: 'not found, and not needed: Trino is installed' };
  return {
    level: 'fail',
    subject: 'Maven',
    found: 'not found',
    mend: 'Install it (Debian/Ubuntu: apt install maven), or unpack a Trino yourself and name it with --trino-home.',
  };
}

async function checkKubectl(env: ExaminedMachine['env']): Promise<Finding> {
  const result = await runCommand('kubectl', ['version', '--client'], { env }).catch(() => undefined);
  if (result?.exitCode === 0) return { level: 'ok', subject: 'kubectl', found: result.output.split('\n')[0] ?? 'found' };
  return { level: 'ok', subject: 'kubectl', found: 'not found (optional: the verbs of xtrinode do without)' };
}

async function checkPort({ gatewayPort, home }: ExaminedMachine): Promise<Finding> {
  const subject = `port ${gatewayPort}`;
  if (!Number.isInteger(gatewayPort) || gatewayPort < 0 || gatewayPort > 65_535) {
    return { level: 'fail', subject: 'port', found: 'not a port number', mend: 'Use a number from 1 to 65535.' };
  }
  const busy = (await Promise.all(['127.0.0.1', '::1'].map((host) => isBusy(gatewayPort, host)))).some((one) => one);
  if (!busy) return { level: 'ok', subject, found: 'free' };
  const { gatewayUrl } = readUpState(home) ?? {};
  if (gatewayUrl !== undefined && Number(new URL(gatewayUrl).port) === gatewayPort)
    return { level: 'ok', subject, found: 'in use while "xtrinode up" is running' };
  return {
    level: 'fail',
    subject,
    found: 'in use by another program',
    mend: `Stop it (ss -ltnp 'sport = :${gatewayPort}' shows it), or choose another with --gateway-port.`,
  };
}

/** A machine without that address has nobody listening there. */
function isBusy(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' || error.code === 'EACCES'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

/** What Linux would give without swapping; freemem counts caches as used. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

async function availableDisk(directory: string): Promise<number> {
  let existing = directory;
  while (!(await exists(existing)) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

async function checkCache(cacheDir: string, version: string, trinoHome: string | undefined): Promise<Finding> {
  const subject = `Trino ${version}`;
  if (trinoHome !== undefined) {
    if (await exists(join(trinoHome, 'lib'))) return { level: 'ok', subject, found: `own distribution in ${trinoHome}` };
    return {
      level: 'fail',
      subject,
      found: `${trinoHome} has no lib directory`,
      mend: 'Name the directory of an unpacked trino-server-<version>.tar.gz.',
    };
  }
  const damaged = await verifyTrino({ cacheDir, version });
  if (damaged === undefined) return { level: 'ok', subject, found: 'not fetched yet: the first "xtrinode up" does it (about 150 MB)' };
  if (damaged.length === 0) return { level: 'ok', subject, found: `complete in ${cacheDir}` };
  const mend = 'The next "xtrinode up" fetches these files again.';
  return { level: 'warn', subject, found: `${damaged.length} damaged files, first ${damaged[0] ?? ''}`, mend };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
