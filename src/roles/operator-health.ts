// Whether an operator can do its work, judged from what it does: the truth behind /readyz. Pure.
import type { EpochMs } from '#core/clock.ts';
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

/** A server that restarts, or is busy for a moment, is no news; a cache that lags for longer is. */
const lagsAfterMs = 30_000;

export interface Limits {
  readonly nowMs: EpochMs;
  readonly stuckAfterMs: number;
}

export function judgeOperator(leadership: Leadership, { nowMs, stuckAfterMs }: Limits): readonly Check[] {
  if (leadership.is === 'waiting') return [{ name: 'cluster', isGood: false, message: leadership.for }];
  if (leadership.is === 'cut-off') return [{ name: 'leader', isGood: false, message: leadership.why }];
  if (leadership.is === 'standby') return [{ name: 'leader', isGood: true, message: 'another operator leads, this one stands by' }];
  const { operator, hasSynced } = leadership;
  return [
    { name: 'leader', isGood: true, message: 'this operator leads' },
    judgeCaches(operator, hasSynced, nowMs),
    judgeWork(operator, stuckAfterMs),
  ];
}

function judgeCaches(operator: Operator, hasSynced: boolean, nowMs: EpochMs): Check {
  const name = 'caches';
  const troubles = operator.troubles().filter(({ since }) => !hasSynced || nowMs - since >= lagsAfterMs);
  const [first] = troubles.toSorted((a, b) => a.since - b.since);
  if (first === undefined) return { name, isGood: hasSynced, message: hasSynced ? 'filled' : 'not filled yet' };
  const what = hasSynced ? `has not followed the API server for ${inSeconds(nowMs - first.since)}` : 'cannot be filled';
  const more = troubles.length > 1 ? `; ${troubles.length - 1} more` : '';
  return { name, isGood: false, message: `that of ${first.resource} ${what}: ${first.why}${more}` };
}

function inSeconds(ms: number): string {
  return formatDuration(Math.round(ms / 1_000) * 1_000);
}

function judgeWork({ queues }: Operator, stuckAfterMs: number): Check {
  const stuck = controllerNames
    .flatMap((name) => queues[name].running())
    .filter(({ forMs }) => forMs > stuckAfterMs)
    .sort((a, b) => b.forMs - a.forMs);
  const [longest] = stuck;
  if (longest === undefined) return { name: 'work', isGood: true, message: `nothing takes longer than ${formatDuration(stuckAfterMs)}` };
  return {
    name: 'work',
    isGood: false,
    message: `stuck: ${stuck.length} in work for too long, ${longest.key} for ${inSeconds(longest.forMs)}`,
  };
}
