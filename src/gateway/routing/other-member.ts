// Whether a statement that waits for one runtime of a routing group should rather go to another one of it: a runtime that does not
// answer, turns statements away or cannot start must not doom what another one could run. Pure.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { transactionOf, type HeaderPairs } from '#trino/protocol/headers.ts';
import { pickMember, type PickInput } from './pick-member.ts';
import { findRequestRoute, type RouteRequest } from './request-route.ts';
import { keyOfEntry, type RouteTable } from './route-table.ts';

export interface OtherMemberInput extends RouteRequest, Omit<PickInput, 'members'> {
  readonly table: RouteTable;
  readonly headers: HeaderPairs;
  /** For which it waits. */
  readonly runtime: string;
  readonly mayUse: (entry: RouteEntry) => boolean;
  /** Does not answer, or has just turned a statement away. */
  readonly isAway: (entry: RouteEntry) => boolean;
}

function isAwake({ state, coordinatorUrl }: RouteEntry): boolean {
  return state === 'RUNNING' && coordinatorUrl !== undefined;
}

/** Nothing that it waits for will come. */
function isHopeless(entry: RouteEntry): boolean {
  return entry.state === 'REMOVED' || entry.state === 'DRAINING' || (entry.state === 'RESUMING' && entry.failure !== undefined);
}

/** Members that new statements may go to: not those that are away, as long as another one is awake. */
export function presentMembers(members: readonly RouteEntry[], isAway: (entry: RouteEntry) => boolean): readonly RouteEntry[] {
  if (members.length < 2) return members;
  const present = members.filter((member) => !isAway(member));
  return present.length < members.length && present.some(isAwake) ? present : members;
}

/** Most runtimes are alone in their group: what waits for them has nobody to go to. One that is gone may have left its route to another one. */
export function isAlone(table: RouteTable, entry: RouteEntry): boolean {
  return entry.state !== 'REMOVED' && (table.byGroup.get(entry.routingGroup)?.length ?? 0) < 2;
}

/** Undefined where it stays. An awake member takes over from one that is away; one that sleeps is woken only where there is no hope left. */
export function otherMember(input: OtherMemberInput): RouteEntry | undefined {
  const { table, runtime, mayUse, isAway } = input;
  const entry = table.byKey.get(runtime);
  if (entry === undefined || isAlone(table, entry)) return undefined;
  const isLost = isHopeless(entry);
  if ((!isLost && !isAway(entry)) || transactionOf(input.headers) !== undefined) return undefined;
  const found = findRequestRoute(table, input);
  if ('code' in found || found.entry.routingGroup !== entry.routingGroup) return undefined;
  // What names one runtime waits for that one.
  if (found.members.length < 2 && !(entry.state === 'REMOVED' && keyOfEntry(found.entry) !== runtime)) return undefined;
  const others = found.members.filter(
    (member) => keyOfEntry(member) !== runtime && !isAway(member) && !isHopeless(member) && mayUse(member),
  );
  return pickMember({ ...input, members: isLost ? others : others.filter(isAwake) });
}
