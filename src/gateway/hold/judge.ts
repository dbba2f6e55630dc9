// What the route says about a statement that waits for it: whether it may go, and what ends its wait. Pure.
import { nobodyToWake, type RouteEntry } from '#apis/v1/route-entry.ts';
import { transactionOf } from '#trino/protocol/headers.ts';
import type { Transaction } from '#trino/protocol/transaction-id.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import type { KnownCoordinators } from '../routing/known-coordinators.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { HeldStatement } from './held-statement.ts';

/** Where a statement goes. */
export type RouteOf = (held: Pick<HeldStatement, 'runtime' | 'headers'>) => RouteEntry | undefined;

/** An open transaction lives in one coordinator's memory (trino-protocol 7.6), which need not be the one that takes new queries. */
export function createRouteOf(table: () => RouteTable, known: Pick<KnownCoordinators, 'ownerOfCoordinator'>): RouteOf {
  return ({ runtime, headers }) => {
    const { coordinatorId } = transactionOf(headers) ?? {};
    const owner = coordinatorId === undefined ? undefined : known.ownerOfCoordinator(coordinatorId);
    return owner?.entry ?? table().byKey.get(runtime);
  };
}

function isTransactionLost(transaction: Transaction, { coordinatorUrl, coordinatorId }: RouteEntry): boolean {
  if (coordinatorUrl === undefined) return true;
  return transaction.coordinatorId !== undefined && coordinatorId !== undefined && transaction.coordinatorId !== coordinatorId;
}

/** New statements go to a runtime that is RUNNING; those of an open transaction to its coordinator while it answers. */
export function maySubmit(held: Pick<HeldStatement, 'headers'>, entry: RouteEntry | undefined): entry is RouteEntry {
  if (entry?.coordinatorUrl === undefined) return false;
  return entry.state === 'RUNNING' || (entry.state !== 'REMOVED' && transactionOf(held.headers) !== undefined);
}

/** Why the wait is over without a hand-over, or undefined to wait on. `waitedMs` since the POST. */
export function failureOf(
  held: Pick<HeldStatement, 'runtime' | 'headers' | 'patienceMs'>,
  entry: RouteEntry | undefined,
  waitedMs: number,
): TrinoFailure | undefined {
  const { runtime } = held;
  if (entry === undefined || entry.state === 'REMOVED') return { name: 'QUERY_REJECTED', message: `runtime ${runtime} has been deleted` };
  const transaction = transactionOf(held.headers);
  if (transaction !== undefined && isTransactionLost(transaction, entry)) {
    return {
      name: 'UNKNOWN_TRANSACTION',
      // Not which runtime: the statement may have come by the route of another one.
      message: 'the transaction was lost when the coordinator that had it was stopped: begin a new one',
    };
  }
  if (entry.state === 'DRAINING' && !maySubmit(held, entry))
    return { name: 'QUERY_REJECTED', message: `runtime ${runtime} is being deleted and takes no new queries` };
  // What hindered it when it was last awake need not hinder it now: only a start under way can fail.
  if (entry.failure !== undefined && (entry.state === 'RESUMING' || entry.failure.reason === nobodyToWake)) {
    return { name: 'SERVER_STARTING_UP', message: `runtime ${runtime} cannot start: ${entry.failure.message}` };
  }
  if (waitedMs <= held.patienceMs) return undefined;
  const waited = `${Math.round(held.patienceMs / 1000)} s (spec.wakePatience)`;
  if (entry.state === 'RUNNING' && entry.maxRunning !== undefined)
    return {
      name: 'QUERY_QUEUE_FULL',
      message: `runtime ${runtime} had no place for this query within ${waited}: it runs at most ${entry.maxRunning} at a time (spec.routing.maxRunning). The query has not run: run it again when the runtime has less to do`,
    };
  const note = entry.note === undefined ? '' : ` (${entry.note})`;
  return {
    name: 'GENERIC_INSUFFICIENT_RESOURCES',
    message: `runtime ${runtime} did not wake within ${waited}; its state is ${entry.state}${note}. See: xtrinode why ${entry.name} -n ${entry.namespace}`,
  };
}
