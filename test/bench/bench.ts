// What a benchmark is, and the few things all of them need.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpJson } from '../../src/roles/up-home.ts';

export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly most: number;
  readonly unit: string;
}

export interface BenchResult {
  readonly what: string;
  readonly runs: readonly Readonly<Record<string, number>>[];
  readonly limits: readonly Limit[];
}

export interface Bench {
  readonly defaultRuns: number;
  run(runs: number): Promise<BenchResult>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export interface RunningUp {
  readonly home: string;
  readonly child: ChildProcess;
  readonly state: UpJson;
  /** From the start of the process to up.json, ms. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** Starts `up` in a home of its own and waits for up.json. Ended by `stop`, which also removes the home. */
export async function startUp(options: readonly string[]): Promise<RunningUp> {
  const home = mkdtempSync(join(tmpdir(), 'xtrinode-bench-'));
  const startedAt = performance.now();
  const args = [
    '--disable-warning=ExperimentalWarning',
    join(root, 'src', 'main.ts'),
    'up',
    '--home',
    home,
    '--gateway-port',
    '0',
    ...options,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, XTRINODE_AOT: 'off' } });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const upJson = join(home, 'up.json');
  while (!existsSync(upJson)) {
    if (child.exitCode !== null || performance.now() - startedAt > 60_000) throw new Error(`up did not start: ${said}`);
    await delay(5);
  }
  const readyMs = performance.now() - startedAt;
  return {
    home,
    child,
    state: JSON.parse(readFileSync(upJson, 'utf8')) as UpJson,
    readyMs,
    async stop() {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Resident memory of a process, now or at its peak, MB (10^6 bytes). */
export function residentMegabytes(pid: number, when: 'now' | 'peak' = 'now'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = Number((when === 'now' ? /^VmRSS:\s+(\d+)/m : /^VmHWM:\s+(\d+)/m).exec(status)?.[1] ?? 0);
  return Math.round((kibibytes * 1024) / 1e6);
}
