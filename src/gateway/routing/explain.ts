// Which runtime a request would go to, and why, in plain words, by the very functions that route it. What a single gateway alone knows,
// how much runs where, is not known here: then it says by what it is decided. Pure.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { GatewayProblem } from '../problems.ts';
import { pickMember } from './pick-member.ts';
import { findRequestRoute, prefixOf, type RequestRoute } from './request-route.ts';
import { hostNameOf, keyOfEntry, membersOf, type RouteTable } from './route-table.ts';

export interface RouteQuestion {
  /** As the `Host` header has it. */
  readonly host: string;
  /** Of X-Trino-XTrinode. */
  readonly headerValue: string | undefined;
  /** Of the client's address, where it has one. */
  readonly path?: string;
  readonly user: string;
}

export function explainRule(
  by: RequestRoute['by'],
  { host, headerValue, path = '' }: Pick<RouteQuestion, 'host' | 'headerValue' | 'path'>,
): string {
  if (by === 'path') return `the path ${prefixOf(path)} selects it`;
  if (by === 'host name') return `the host name ${hostNameOf(host)} selects it`;
  return by === 'header'
    ? `X-Trino-XTrinode: ${headerValue} selects it`
    : 'nothing in the request selects a runtime, and it is the default';
}

function describeMember(entry: RouteEntry): string {
  return `${keyOfEntry(entry)} (${entry.state}, weight ${entry.weight ?? 1})`;
}

function decidedBy(members: readonly RouteEntry[], picked: RouteEntry): string {
  const isAwake = picked.state === 'RUNNING';
  const awake = members.filter(({ state }) => state === 'RUNNING').length;
  const isSticky = members.some(({ stickyBy }) => stickyBy === 'User');
  if (!isAwake) return 'none is awake: the one that wakes, or else the smallest, takes it';
  if (awake === 1) return 'it is the only one awake';
  return isSticky ? 'stickyBy: User keeps this user there' : 'each gateway gives it to the one with the fewest queries for its weight';
}

function describeGroup(members: readonly RouteEntry[], picked: RouteEntry): string[] {
  if (members.length < 2) return [];
  const reason = decidedBy(members, picked);
  const here = reason.startsWith('each gateway') ? '; this one where nothing runs' : '';
  return [`Routing group ${picked.routingGroup}: ${members.map(describeMember).join(', ')}.`, `Of the group: ${reason}${here}.`];
}

/** Why this one of its group took a statement, and what becomes of it there. */
export function explainChoice(table: RouteTable, picked: RouteEntry, headerValue: string | undefined): string[] {
  const members = membersOf(table, picked, headerValue);
  const ofGroup = members.length < 2 ? [] : [`Of group ${picked.routingGroup}: ${decidedBy(members, picked)}.`];
  return [...ofGroup, whatHappens(picked)];
}

function whatHappens({ state, patienceMs, failure, note }: RouteEntry): string {
  const patience = `at most ${Math.round(patienceMs / 1_000)} s (spec.wakePatience)`;
  const why = note === undefined ? '' : ` (${note})`;
  if (state === 'RUNNING') return 'It is awake: the statement is handed over at once.';
  if (failure !== undefined) return `It cannot start, and a statement ends with the reason: ${failure.message}`;
  if (state === 'PAUSED') return `It sleeps${why}: the statement wakes it and waits for it, ${patience}.`;
  if (state === 'RESUMING') return `It is waking${why}: the statement waits for it, ${patience}.`;
  return 'It is being deleted: a new statement is refused.';
}

/** Lines for a person, or what the client would be told. */
export function explainRoute(table: RouteTable, question: RouteQuestion): readonly string[] | GatewayProblem {
  const { host, headerValue, path = '' } = question;
  const headers = headerValue === undefined ? [] : ([['X-Trino-XTrinode', headerValue]] as const);
  const found = findRequestRoute(table, { forwarded: { host, prefix: prefixOf(path) }, headers });
  if ('code' in found) return found;
  const { members } = found;
  const picked = pickMember({ members, user: question.user, loadOf: () => 0, isFull: () => false }) ?? found.entry;
  return [`${keyOfEntry(picked)}: ${explainRule(found.by, question)}.`, ...describeGroup(members, picked), whatHappens(picked)];
}
