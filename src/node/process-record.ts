// Which process a container's was, as the supervisor wrote it down before it told anybody: for those who come after the
// supervisor's death. A pid alone is no identity: same boot, same pid, same start time are.
import { readFileSync } from 'node:fs';
import { listProcessGroup, readBootId, readProcess } from './proc-stat.ts';

export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
  readonly bootId: string;
}

/** Undefined without a file (a supervisor that outlived its owner takes it away itself) or with half of one. */
export function readRecord(file: string): ProcessRecord | undefined {
  try {
    return parseRecord(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** The recorded leader lives, or has died and left members that no other group of that number can have. */
export function isStillThere(recorded: ProcessRecord): boolean {
  if (recorded.bootId !== readBootId()) return false;
  const leader = readProcess(recorded.pid);
  if (leader !== undefined) return leader.startTime === recorded.startTime && leader.processGroup === recorded.pid;
  // the kernel gives no new process this pid while a group of that number exists
  return listProcessGroup(recorded.pid).every((member) => member.startTime >= recorded.startTime);
}

function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const { pid, startTime, bootId } = JSON.parse(text) as Partial<ProcessRecord>;
    if (typeof pid !== 'number' || pid <= 1 || typeof startTime !== 'number' || typeof bootId !== 'string') return undefined;
    return { pid, startTime, bootId };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // half written when the machine went down
    throw error;
  }
}
