// What counts as work that must not be cut off: by sleep, by a rollout, by deletion. Pure.
import type { RuntimeSnapshot } from '../../snapshot.ts';

/** False also where the coordinator was not asked or did not answer. */
export function isBusy(activity: RuntimeSnapshot['activity']): boolean {
  return typeof activity === 'object' && activity.activeQueries + activity.openTransactions > 0;
}
