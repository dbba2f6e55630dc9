// Reads /proc: which process is which. A pid alone is not an identity, because the kernel uses it again; a pid with its start
// time is. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; with the pid unique until the machine restarts. */
  readonly startTime: number;
}

export interface ProcessFacts extends ProcessIdentity {
  readonly state: string;
  readonly processGroup: number;
}

/** Facts of a living process; undefined when there is none. A zombie counts as gone. */
export function readProcess(pid: number): ProcessFacts | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // the second field is the command in parentheses and may itself hold spaces and parentheses
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , processGroup] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, state, processGroup: Number(processGroup), startTime: Number(fields[19]) };
}

export function readStartTime(pid: number): number | undefined {
  return readProcess(pid)?.startTime;
}

/** Living processes of one process group. */
export function listProcessGroup(processGroup: number): readonly ProcessFacts[] {
  const members: ProcessFacts[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const facts = readProcess(Number(name));
    if (facts !== undefined && facts.processGroup === processGroup) members.push(facts);
  }
  return members;
}

/** Changes with every boot, so that a start time of a former boot is not mistaken for one of this. */
export function readBootId(): string {
  return readProcFile('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}
