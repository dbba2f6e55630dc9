// Gives a waiting statement to another runtime of its routing group when its own does not answer, turns it away or cannot start. Only
// what waits is given away: a submission that nobody follows never runs (trino-protocol 7.5), so nothing runs twice. Shell.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { Log } from '#observe/log.ts';
import type { MayUse } from '../admit/access.ts';
import { isAlone, otherMember } from '../routing/other-member.ts';
import { keyOfEntry, type RouteTable } from '../routing/route-table.ts';
import type { HeldStatement } from './held-statement.ts';
import type { HoldQueue } from './hold-queue.ts';

export interface TakeOverInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly mayUse: MayUse;
  readonly isAway: (entry: RouteEntry) => boolean;
  readonly loadOf: (runtime: string) => number;
  readonly isFull: (runtime: string) => boolean;
  readonly log: Log;
}

/** Asked whenever a HELD statement is looked at. */
export type TakeOver = (held: HeldStatement) => void;

export function createTakeOver({ table, queue, mayUse, isAway, loadOf, isFull, log }: TakeOverInit): TakeOver {
  return (held) => {
    const { id, runtime, headers, forwarded, subject } = held;
    const routes = table();
    const entry = routes.byKey.get(runtime);
    // Asked twice per poll: nothing is put together for nothing.
    if (entry === undefined || isAlone(routes, entry)) return;
    const other = otherMember({
      table: routes,
      runtime,
      headers,
      forwarded,
      user: subject.user,
      loadOf,
      isFull,
      mayUse: (member) => mayUse(subject.identity, member),
      isAway,
    });
    if (other === undefined) return;
    log.info('another runtime of the group takes a statement over', { id, from: runtime, to: keyOfEntry(other) });
    queue.move(held, keyOfEntry(other));
  };
}
