// What a former run of this node left behind: processes, the Pods' directories, its claim on the state directory. A process
// is ended only when it is beyond doubt the one that was recorded: same boot, same pid, same start time.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import { isStillThere, readRecord } from './process-record.ts';
import { listProcessGroup } from './proc-stat.ts';

export interface LeftoverOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number;
}

export function pidDirectory(stateDir: string): string {
  return join(stateDir, 'processes');
}

export function podsDirectory(stateDir: string): string {
  return join(stateDir, 'pods');
}

const LOOK_AGAIN_MS = 50;

/** Ends the recorded processes that still live. Returns their pids. */
export async function endLeftProcesses(options: LeftoverOptions): Promise<readonly number[]> {
  const directory = pidDirectory(options.stateDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const groups: number[] = [];
  for (const name of await readdir(directory)) {
    const recorded = readRecord(join(directory, name));
    if (recorded !== undefined && isStillThere(recorded)) groups.push(recorded.pid);
    await rm(join(directory, name), { force: true });
  }
  for (const group of groups) signalGroup(group, 'SIGTERM');
  const deadline = options.clock.now() + options.graceMs;
  const never = new AbortController().signal;
  while (groups.some((group) => listProcessGroup(group).length > 0)) {
    if (options.clock.now() >= deadline) for (const group of groups) signalGroup(group, 'SIGKILL');
    await pause(options.clock, LOOK_AGAIN_MS, never);
  }
  return groups;
}

/** Deletes directories of Pods that are not among `uids`. */
export async function removeLeftPods(stateDir: string, uids: ReadonlySet<string>): Promise<void> {
  const directory = podsDirectory(stateDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    if (!uids.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
