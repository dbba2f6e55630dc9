// One process node per state directory: two would end each other's processes as leftovers.
import { join } from 'node:path';
import { SetupError } from './setup-error.ts';
import { takeLock } from './process-lock.ts';

/** Returns what gives the directory back. Throws SetupError when a living process has it. */
export async function takeStateDirectory(stateDir: string): Promise<() => Promise<void>> {
  const giveUp = new AbortController();
  let holder: number | undefined;
  try {
    return await takeLock(join(stateDir, 'node.lock'), {
      signal: giveUp.signal,
      onWait: (pid) => {
        holder = pid;
        giveUp.abort();
      },
    });
  } catch (error) {
    if (holder === undefined) throw error;
    throw new SetupError({
      what: 'The process node cannot start',
      why: `process ${holder} is running one in ${stateDir}.`,
      mend: `Stop it (\`kill ${holder}\`), or give this one another home directory.`,
    });
  }
}
