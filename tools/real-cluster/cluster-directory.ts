// The directory of one private control plane, named after the process that owns it, so that the next one can tell what a
// killed owner left behind and clear it away.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endLeftProcesses } from '#node/leftovers.ts';
import { readStartTime } from '#node/proc-stat.ts';
import { systemClock } from '#observe/system-clock.ts';

const prefix = 'xtrinode-cluster-';

/** A new one, for this user alone. */
export function makeClusterDirectory(root: string): Promise<string> {
  return mkdtemp(join(root, `${prefix}${process.pid}-${readStartTime(process.pid) ?? 0}-`));
}

/** Ends processes and removes files of owners that are gone. */
export async function removeLeftClusters(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, pid, startTime] = /^xtrinode-cluster-(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || readStartTime(Number(pid)) === Number(startTime)) continue;
    const stateDir = join(root, name);
    await endLeftProcesses({ stateDir, clock: systemClock, graceMs: 0 });
    await rm(stateDir, { recursive: true, force: true });
  }
}
