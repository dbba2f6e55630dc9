// The processes of one `up`, told by its home directory in their command line: what "nothing left" is measured by.
import { readdirSync, readFileSync } from 'node:fs';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Command line of a process, undefined when it is gone. A zombie has an empty one. */
function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  return (commandOf(pid) ?? '') !== '';
}

/** Java processes that work below `home`. */
export function javaProcesses(home: string): readonly FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((name) => ({ pid: Number(name), command: commandOf(Number(name)) ?? '' }))
    .filter(({ command }) => /^\S*\/java /.test(command) && command.includes(`${home}/`));
}

/** Counts the Java processes that come while something goes on. */
export function watchJava(home: string): { seen(): number; stop(): void } {
  const seen = new Set<number>();
  const look = (): void => {
    for (const { pid } of javaProcesses(home)) seen.add(pid);
  };
  look();
  const timer = setInterval(look, 250);
  return { seen: () => seen.size, stop: () => clearInterval(timer) };
}
