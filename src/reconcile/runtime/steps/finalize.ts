// Deletion: refuse new queries until every gateway has taken note, let running ones finish (both bounded), leave a tombstone in the route table, let go. The
// runtime's objects follow by their owner references. Pure; an unreachable Trino cannot block it (design section 4).
import { routeKey } from '#apis/v1/names.ts';
import { formatRouteEntry, parseRouteEntry } from '#apis/v1/route-entry.ts';
import { finalizer } from '#apis/v1/resources.ts';
import type { Action } from '../../plan.ts';
import { isBusy } from './activity.ts';
import { hearGateways } from './gateways-heard.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';
import { routeEntryOf } from './route.ts';

export interface FinalizeResult {
  readonly actions: readonly Action[];
  readonly againInMs: number | undefined;
  readonly waitsForGateways?: boolean;
}

/** Queries that run longer than this are ended with their runtime. */
const drainMs = 5 * 60_000;
const lookMs = 2_000;

/** Its tombstone stands: an operator that died here has waited for everybody, and nothing is said again that gateways know to be over. */
function isRemoved({ publishedRoute }: RuntimeSnapshot): boolean {
  const entry = publishedRoute === undefined ? 'none' : parseRouteEntry(publishedRoute);
  return typeof entry !== 'string' && entry.state === 'REMOVED';
}

export function planFinalize(seen: RuntimeSnapshot): FinalizeResult {
  const { metadata, status } = seen.runtime;
  if (metadata.finalizers?.includes(finalizer) !== true) return { actions: [], againInMs: undefined };
  const key = routeKey(metadata.namespace ?? 'default', metadata.name);
  const proven = status?.coordinator;
  const lifecycle = status?.lifecycle ?? {
    desired: 'Asleep',
    cause: 'Spec',
    message: 'it is being deleted',
    decidedAt: '',
    sequence: 0,
    seenSuspended: true,
  };
  const draining = routeEntryOf(seen, {
    lifecycle: { ...lifecycle, message: 'it is being deleted' },
    proven,
    failure: undefined,
    isDraining: true,
    retiring: status?.retiring ?? [],
  });
  const elapsedMs = seen.nowMs - Date.parse(metadata.deletionTimestamp ?? '');
  // What sleeps, or has died, takes no query that a gateway could still be sending.
  const hearing = proven === undefined || seen.activity === 'unreachable' ? undefined : hearGateways(seen);
  const waitsForGateways = hearing?.isOver === false;
  if (!isRemoved(seen) && (waitsForGateways || (isBusy(seen.activity) && elapsedMs < drainMs))) {
    const text = formatRouteEntry(draining);
    const actions = text === seen.publishedRoute ? [] : [{ do: 'publish-route', key, entry: text } as const];
    return { actions, againInMs: waitsForGateways ? hearing.againInMs : lookMs, waitsForGateways };
  }
  const removed = formatRouteEntry({ ...draining, state: 'REMOVED', hosts: [], headerValues: [], isDefault: false });
  return {
    actions: [
      ...(seen.publishedRoute === undefined ? [] : [{ do: 'publish-route', key, entry: removed } as const]),
      ...seen.owned.deployments.map((object) => ({ do: 'delete', object }) as const),
      { do: 'remove-finalizer' },
    ],
    againInMs: undefined,
  };
}
