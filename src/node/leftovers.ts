// What a former run of this node left behind: processes, the Pods' directories, its claim on the state directory. A process
// is ended only when it is beyond doubt the one that was recorded: same boot, same pid, same start time.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { listProcessGroup, readBootId, readProcess } from './proc-stat.ts';
import { pause } from '#core/pause.ts';

export interface LeftoverOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number;
}

interface RecordedProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly bootId: string;
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
    const recorded = await readRecord(join(directory, name));
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

/** The recorded leader lives, or has died and left members that no other group of that number can have. */
function isStillThere(recorded: RecordedProcess): boolean {
  if (recorded.bootId !== readBootId()) return false;
  const leader = readProcess(recorded.pid);
  if (leader !== undefined) return leader.startTime === recorded.startTime && leader.processGroup === recorded.pid;
  // the kernel gives no new process this pid while a group of that number exists
  return listProcessGroup(recorded.pid).every((member) => member.startTime >= recorded.startTime);
}

/** A supervisor that outlived its owner ends the process and takes the file away itself. */
async function readRecord(file: string): Promise<RecordedProcess | undefined> {
  try {
    return parseRecord(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function parseRecord(text: string): RecordedProcess | undefined {
  try {
    const { pid, startTime, bootId } = JSON.parse(text) as Partial<RecordedProcess>;
    if (typeof pid !== 'number' || pid <= 1 || typeof startTime !== 'number' || typeof bootId !== 'string') return undefined;
    return { pid, startTime, bootId };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // half written when the machine went down
    throw error;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
