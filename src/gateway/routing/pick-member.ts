// Which runtime of a routing group takes a new statement. Awake ones share the work by weight, or by user; where all sleep or are
// full, the smallest that sleeps is woken, always the same one, so that many first queries are one wake. Pure.
import { sha256Hex } from '#core/hash.ts';
import { nobodyToWake, type RouteEntry } from '#apis/v1/route-entry.ts';
import { keyOfEntry } from './route-table.ts';

export interface PickInput {
  /** Never empty, by name. */
  readonly members: readonly RouteEntry[];
  readonly user: string;
  /** Statements that run or wait on a runtime, as far as this gateway knows. */
  readonly loadOf: (runtime: string) => number;
  /** Whether one more statement would wait there though it is awake. */
  readonly isFull: (runtime: string) => boolean;
}

function weightOf({ weight = 1 }: RouteEntry): number {
  return weight;
}

/** The first of those for which `cost` is least. */
function least(members: readonly RouteEntry[], cost: (entry: RouteEntry) => number): RouteEntry | undefined {
  let best: RouteEntry | undefined;
  let bestCost = Infinity;
  for (const member of members) {
    const memberCost = cost(member);
    if (best !== undefined && memberCost >= bestCost) continue;
    best = member;
    bestCost = memberCost;
  }
  return best;
}

/** Weighted rendezvous hashing: who comes or goes moves only its own users. */
function costForUser(entry: RouteEntry, user: string): number {
  const uniform = (Number.parseInt(sha256Hex(`${user} ${keyOfEntry(entry)}`, 12), 16) + 1) / 2 ** 48;
  return -Math.log(uniform) / weightOf(entry);
}

export function pickMember({ members, user, loadOf, isFull }: PickInput): RouteEntry | undefined {
  if (members.length < 2) return members[0];
  const awake = members.filter(({ state, coordinatorUrl }) => state === 'RUNNING' && coordinatorUrl !== undefined);
  // One more than there is now, so that of two idle ones the heavier is first.
  const cost = (entry: RouteEntry): number => (loadOf(keyOfEntry(entry)) + 1) / weightOf(entry);
  const withRoom = awake.filter((entry) => !isFull(keyOfEntry(entry)));
  if (withRoom.length > 0)
    return least(withRoom, members.some(({ stickyBy }) => stickyBy === 'User') ? (one) => costForUser(one, user) : cost);
  const waking = members.filter(({ state, failure }) => state === 'RESUMING' && failure === undefined);
  if (waking.length > 0) return least(waking, cost);
  const asleep = members.filter(({ state, failure }) => state === 'PAUSED' && failure?.reason !== nobodyToWake);
  return least(asleep, weightOf) ?? least(awake, cost) ?? members.find(({ state }) => state !== 'DRAINING') ?? members[0];
}
