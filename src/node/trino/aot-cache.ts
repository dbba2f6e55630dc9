// The ahead-of-time cache of Trino's classes (JDK 25, JEP 483 and 514; design D17): made once per installation by a training
// run in the background, used when it is there, never waited for. Measured for 483: first row 11.7 -> 8.2 s after the start
// of the JVM, 20.6 -> 13.5 s of processor time. A JVM ignores a cache that does not fit its class path or flags.
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import { renderJvmConfig } from '#trino/jvm.ts';
import { createAddressPool } from '../addresses.ts';
import { takeLock } from '../process-lock.ts';
import { createSupervisedProcesses, type SupervisedProcess } from '../supervised-processes.ts';
import type { TrinoInstallation } from './installation.ts';
import { buildTrinoLaunch, type TrinoLaunch } from './launch.ts';
import { runStatement } from './statement.ts';

/** Path of a finished cache for this installation, or undefined. */
export async function usableAotCache(installation: TrinoInstallation): Promise<string | undefined> {
  const found = await stat(installation.aotCacheFile).catch(() => undefined);
  return found?.isFile() === true && found.size > 0 ? installation.aotCacheFile : undefined;
}

export interface TrainingOptions {
  readonly installation: TrinoInstallation;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export type TrainingResult = 'made' | 'there already' | 'made by another process' | 'failed' | 'not possible';

const HEAP_BYTES = 1024 * 1024 * 1024;
/** The whole run; it takes about 35 s of a quiet machine, and has the lowest priority. */
const TRAINING_TIMEOUT_MS = 600_000;
const LOOK_AGAIN_MS = 500;
const LOWEST_PRIORITY = '19';

// what most first queries touch: a scan, an aggregation, a join, the metadata that tools ask for
const STATEMENTS = [
  'SELECT count(*) FROM tpch.tiny.nation',
  'SELECT n.name, count(*) FROM tpch.tiny.customer c JOIN tpch.tiny.nation n ON c.nationkey = n.nationkey GROUP BY 1 ORDER BY 2 DESC LIMIT 3',
  'SHOW SCHEMAS FROM tpch',
  'SELECT table_name FROM tpch.information_schema.tables',
];

/**
 * Makes the cache if there is none: starts a coordinator at the lowest priority, runs a few queries, ends it. Rejects only
 * when `signal` aborts or the disk fails; whatever goes wrong, Pods start without a cache.
 */
export async function ensureAotCache(options: TrainingOptions): Promise<TrainingResult> {
  const { installation, signal } = options;
  const file = installation.aotCacheFile;
  const plugins = await stat(join(installation.pluginDirectory, 'tpch')).catch(() => undefined);
  if (plugins === undefined) return 'not possible';

  const giveUp = new AbortController();
  const lock = await takeLock(`${file}.lock`, { signal: AbortSignal.any([signal, giveUp.signal]), onWait: () => giveUp.abort() }).catch(
    (error: unknown) => {
      if (giveUp.signal.aborted) return undefined;
      throw error;
    },
  );
  if (lock === undefined) return 'made by another process';
  try {
    // Whose process was killed: nobody else trains while the lock is ours.
    await removeNamed(dirname(file), (name) => name.startsWith(trainingPrefix(file)));
    if ((await usableAotCache(installation)) !== undefined) return 'there already';
    const work = await mkdtemp(join(dirname(file), trainingPrefix(file)));
    try {
      const isMade = await train(options, work);
      if (!isMade) return 'failed';
      await rename(join(work, 'cache.aot'), file);
      await removeOlder(file);
      return 'made';
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  } finally {
    await lock();
  }
}

function trainingPrefix(file: string): string {
  return `${basename(file)}-training-`;
}

/** 125 MB each, and the class path they were made for is gone after an upgrade of ours. */
async function removeOlder(file: string): Promise<void> {
  const own = basename(file);
  const prefix = own.slice(0, own.lastIndexOf('-') + 1);
  await removeNamed(dirname(file), (name) => name.startsWith(prefix) && name.endsWith('.aot') && name !== own);
}

async function removeNamed(directory: string, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(directory)).filter(isMeant)) await rm(join(directory, name), { recursive: true, force: true });
}

async function train(options: TrainingOptions, work: string): Promise<boolean> {
  const pool = await createAddressPool({ seed: work });
  const podIP = await pool.take([8080]);
  const launch = podIP === undefined ? undefined : await prepare(options.installation, work, podIP);
  if (launch === undefined || podIP === undefined) {
    await pool.close();
    return false;
  }
  // Supervised, because a JVM that is left alone goes on to write a cache that nobody will use, for half a minute.
  const processes = createSupervisedProcesses({ log: options.log, logFile: join(work, 'supervisor.log'), patienceMs: 0 });
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TRAINING_TIMEOUT_MS)]);
  const output = join(work, 'cache.aot');
  const run = processes.start({
    command: 'nice',
    args: ['-n', LOWEST_PRIORITY, launch.command, `-XX:AOTCacheOutput=${output}`, ...launch.args],
    env: { PATH: '/usr/bin:/bin', ...launch.env },
    workingDirectory: launch.workingDirectory,
    logFile: join(work, 'trino.log'),
    pidFile: join(work, 'pid.json'),
  });
  const kill = (): void => run.signal('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const isTrained = await runStatements(`http://${podIP}:8080`, run, options.clock, signal);
    run.signal(isTrained ? 'SIGTERM' : 'SIGKILL'); // the cache is written on the way out, by a second JVM
    await run.exited;
    options.signal.throwIfAborted();
    return isTrained && (await stat(output).catch(() => undefined)) !== undefined;
  } finally {
    signal.removeEventListener('abort', kill);
    await processes.stop();
    await pool.close();
  }
}

async function runStatements(url: string, run: SupervisedProcess, clock: Clock, signal: AbortSignal): Promise<boolean> {
  let hasEnded = false;
  void run.exited.then(() => (hasEnded = true));
  const isAlive = (): boolean => !hasEnded && !signal.aborted;
  while (isAlive()) {
    const info = await fetch(`${url}/v1/info`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) })
      .then((response) => response.text())
      .catch(() => '');
    if (/"starting"\s*:\s*false/.test(info)) break;
    await pause(clock, LOOK_AGAIN_MS, signal);
  }
  if (!isAlive()) return false;
  // a statement that fails has warmed most of what one that succeeds does
  for (const statement of STATEMENTS) await runStatement(url, statement, signal).catch(() => undefined);
  return isAlive();
}

async function prepare(installation: TrinoInstallation, work: string, podIP: string): Promise<TrinoLaunch | undefined> {
  const root = join(work, 'root');
  const etc = join(root, 'etc/trino');
  const config = [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    'http-server.http.port=8080',
    `discovery.uri=http://${podIP}:8080`,
  ];
  const texts = {
    'config.properties': `${config.join('\n')}\n`,
    'node.properties': 'node.environment=training\n',
    'jvm.config': renderJvmConfig(Number.parseInt(installation.version, 10), HEAP_BYTES),
    'catalog/tpch.properties': 'connector.name=tpch\n',
  };
  await mkdir(join(etc, 'catalog'), { recursive: true });
  for (const [name, text] of Object.entries(texts)) await writeFile(join(etc, name), text);
  const files = new Map(Object.entries(texts).map(([name, text]) => [`/etc/trino/${name}`, text]));
  const launch = buildTrinoLaunch({ installation, root, podIP, files, namesFile: join(work, 'names') });
  for (const directory of launch?.directories ?? []) await mkdir(directory, { recursive: true });
  return launch;
}
