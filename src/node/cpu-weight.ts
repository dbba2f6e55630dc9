// CPU requests as weights: what a kubelet does with cgroups, the process node does with niceness, so that under contention a
// Pod that asks for more gets more. A coordinator that asks for more than its workers starts first, and queries wait for it.
import { parseMilliCpu } from '#core/quantity.ts';
import type { Container } from '#core/objects.ts';

/** One step of niceness is a factor of about 1.25 in weight. Source: sched(7) and the kernel's sched_prio_to_weight. */
const weightPerStep = 1.25;
const fullWeightMilli = 1_000;
/** Never so low that a Pod starves beside an ordinary program. */
const mostNice = 10;

/** 0 for a container that requests a whole CPU or more or nothing at all, else up to 10. Pure. */
export function nicenessOf(container: Container): number {
  const request = container.resources?.requests?.['cpu'];
  if (request === undefined) return 0;
  const milli = Number(parseMilliCpu(request));
  if (milli >= fullWeightMilli || milli <= 0) return 0;
  return Math.min(mostNice, Math.round(Math.log(fullWeightMilli / milli) / Math.log(weightPerStep)));
}

/** The same command at that niceness; `nice` replaces itself by the command, so pid and signals stay what they are. */
export function withNiceness<T extends { readonly command: string; readonly args: readonly string[] }>(start: T, niceness: number): T {
  return niceness === 0 ? start : { ...start, command: 'nice', args: ['-n', String(niceness), start.command, ...start.args] };
}
