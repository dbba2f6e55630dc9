// One process at a time: a lock file that names the process holding it. A lock left by a process that is
// gone is taken over; a reused pid does not count as the same process, because the start time is compared too.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readStartTime } from './proc-stat.ts';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock. */
  readonly onWait: (holderPid: number) => void;
  /** How often a held lock is looked at again, ms. */
  readonly pollMs?: number;
}

/** Waits for the lock, and returns what releases it. Rejects when `signal` aborts. */
export async function takeLock(file: string, options: LockOptions): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${readStartTime(process.pid) ?? 0}`;
  const draft = `${file}.${randomUUID()}.draft`;
  let isTold = false;
  await writeFile(draft, mine);
  try {
    for (;;) {
      if (await tryLink(draft, file)) return () => rm(file, { force: true });
      const holder = await readFile(file, 'utf8').catch(() => '');
      if (holder !== '' && !isHeld(holder)) {
        await removeStale(file, holder);
        continue;
      }
      if (!isTold && holder !== '') options.onWait(Number.parseInt(holder, 10));
      isTold ||= holder !== '';
      await delay(options.pollMs ?? 500, undefined, { signal: options.signal });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file); // atomic, and the content is there from the first instant
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(holder: string): boolean {
  const [pid = '', startTime = ''] = holder.split(' ');
  return readStartTime(Number(pid)) === Number(startTime);
}

/** Moves the stale lock away first and looks again, so that of two who saw it only one removes it. */
async function removeStale(file: string, holder: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.stale`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== holder) await tryLink(aside, file);
  await rm(aside, { force: true });
}
