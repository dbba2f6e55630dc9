// Whether an operator can do its work, judged from what it does: the truth behind /readyz. Pure.
import { formatDuration } from '#core/duration.ts';
import type { Check } from '#observe/health.ts';
import { controllerNames, type Operator } from './operator.ts';

export type Leadership =
  /** Before the first look at the cluster, or while something is missing there. */
  | { readonly is: 'waiting'; readonly for: string }
  /** Another operator works; this one is ready to take over. */
  | { readonly is: 'standby' }
  /** The Lease cannot be read or renewed. */
  | { readonly is: 'cut-off'; readonly why: string }
  | { readonly is: 'leading'; readonly operator: Operator; readonly hasSynced: boolean };

export function judgeOperator(leadership: Leadership, stuckAfterMs: number): readonly Check[] {
  if (leadership.is === 'waiting') return [{ name: 'cluster', isGood: false, message: leadership.for }];
  if (leadership.is === 'cut-off') return [{ name: 'leader', isGood: false, message: leadership.why }];
  if (leadership.is === 'standby') return [{ name: 'leader', isGood: true, message: 'another operator leads, this one stands by' }];
  const { operator, hasSynced } = leadership;
  return [{ name: 'leader', isGood: true, message: 'this operator leads' }, judgeCaches(hasSynced), judgeWork(operator, stuckAfterMs)];
}

function judgeCaches(hasSynced: boolean): Check {
  const message = hasSynced ? 'filled' : 'not filled yet; the log says what cannot be listed';
  return { name: 'caches', isGood: hasSynced, message };
}

function judgeWork({ queues }: Operator, stuckAfterMs: number): Check {
  const stuck = controllerNames
    .flatMap((name) => queues[name].running())
    .filter(({ forMs }) => forMs > stuckAfterMs)
    .sort((a, b) => b.forMs - a.forMs);
  const [longest] = stuck;
  if (longest === undefined) return { name: 'work', isGood: true, message: `nothing takes longer than ${formatDuration(stuckAfterMs)}` };
  const forSeconds = formatDuration(Math.round(longest.forMs / 1_000) * 1_000);
  return { name: 'work', isGood: false, message: `stuck: ${stuck.length} in work for too long, ${longest.key} for ${forSeconds}` };
}
