// Which coordinators of former revisions still finish their queries: the route has left them, their processes stay until the
// last query ended, bounded (design D2: no rollout fails a query). Pure; throws nothing.
import type { RetiringCoordinator } from '#apis/v1/objects.ts';
import { isBusy } from './activity.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export interface Retirement {
  readonly retiring: readonly RetiringCoordinator[];
  readonly againInMs: number | undefined;
}

/** A statement that was handed over just before the switch is registered, but shows among the queries only when polled. */
const settleMs = 15_000;
/** Queries that run longer than this end with their revision. */
const deadlineMs = 30 * 60_000;
const lookMs = 5_000;

function isStillNeeded(seen: RuntimeSnapshot, { revision, since }: RetiringCoordinator): boolean {
  const elapsedMs = seen.nowMs - Date.parse(since);
  const activity = seen.retiringActivity.get(revision);
  if (elapsedMs >= deadlineMs || activity === 'unreachable') return false;
  return elapsedMs < settleMs || activity === undefined || isBusy(activity);
}

/** `isSwitched`: in this pass the route goes from the coordinator in the status to the one of `revision`. */
export function judgeRetirement(seen: RuntimeSnapshot, revision: string, isSwitched: boolean, isAwake: boolean): Retirement {
  if (!isAwake) return { retiring: [], againInMs: undefined };
  const { coordinator, retiring = [] } = seen.runtime.status ?? {};
  const leaving: readonly RetiringCoordinator[] =
    isSwitched && coordinator !== undefined && coordinator.revision !== revision
      ? [
          {
            revision: coordinator.revision,
            url: coordinator.url,
            ...(coordinator.coordinatorId === undefined ? {} : { coordinatorId: coordinator.coordinatorId }),
            since: new Date(seen.nowMs).toISOString(),
          },
        ]
      : [];
  // A revision that was asked for again serves; it is not leaving any more.
  const still = [...retiring, ...leaving].filter((one) => one.revision !== revision && isStillNeeded(seen, one));
  return { retiring: still, againInMs: still.length === 0 ? undefined : lookMs };
}
