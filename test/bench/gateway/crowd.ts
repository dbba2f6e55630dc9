// Those who wait for a saturated runtime (crowd/main.go): built, started and asked what has become of them.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { inIdleTime, loadCore, runningAs, start } from './processes.ts';

export interface Crowd {
  readonly port: number;
  readonly users: number;
  readonly perUser: number;
  /** Statements of one user that are sent at the same time. */
  readonly atOnce: number;
  /** Value of X-Trino-XTrinode. */
  readonly runtime: string;
}

/** Since the last one. */
export interface CrowdReport {
  readonly polls: number;
  /** Statements that were told that the queue is full. */
  readonly refused: number;
  readonly seconds: number;
}

export interface WaitingCrowd {
  report(): Promise<CrowdReport>;
  stop(): Promise<void>;
}

/** The program, in `directory`. Throws with how to get it when there is no Go. */
export function buildCrowd(directory: string): string {
  const program = join(directory, 'crowd');
  const { status, stderr, error } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'crowd'),
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  if (error !== undefined) throw new Error('this benchmark needs Go for its crowd of clients: install Go 1.25 or later.', { cause: error });
  if (status !== 0) throw new Error(`go build: ${stderr}`);
  return program;
}

/** Fulfilled when each has its first page. In the idle time of its core. */
export async function startCrowd(program: string, crowd: Crowd): Promise<WaitingCrowd> {
  // One thread, but for the one of Go's own that watches it.
  const child = start(loadCore, ['env', 'GOMAXPROCS=1', ...inIdleTime, program, JSON.stringify(crowd)]);
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  const next = async (): Promise<string> => ((await once(lines, 'line')) as [string])[0];
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the crowd ended with code ${code}`);
  });
  // Whoever waits for it is told.
  exited.catch(() => undefined);
  await Promise.race([next(), exited]);
  return {
    async report() {
      const line = next();
      child.stdin?.write('report\n');
      return JSON.parse(await Promise.race([line, exited])) as CrowdReport;
    },
    stop: () => runningAs(child, 0).stop(),
  };
}
