// The statements that wait for a runtime: admitted up to a bound, found again by id, told when the route table changes,
// counted for demand, and dropped when nobody asks for them any more. At rest it holds no timer. Admitting, finding and
// ending one costs the same however many wait.
import type { Clock } from '#core/clock.ts';
import { formatHeldId } from '#trino/protocol/query-id.ts';
import type { GatewayProblem } from '../problems.ts';
import { Bag } from './bag.ts';
import { Deadlines } from './deadlines.ts';
import type { DemandKeeper } from './demand.ts';
import { abandoned, canceled, createEndings, type Alias } from './endings.ts';
import {
  closedGraceMs,
  isForgettable,
  isPending,
  isWaiting,
  sizeOf,
  waitingGraceMs,
  type HeldStatement,
  type OpenRequest,
  type Outcome,
} from './held-statement.ts';
import type { Gaps } from './gaps.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { Rounds } from './rounds.ts';
import { Turns } from './turns.ts';
import { WaitingLines } from './waiting-lines.ts';
import { beginTrail, comesBack } from '../trail.ts';
import type { WaitingRoom } from './waiting-request.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';

export interface HoldLimits {
  readonly perRuntime: number;
  readonly perUser: number;
  readonly totalBytes: number;
}

export const defaultHoldLimits: HoldLimits = { perRuntime: 5_000, perUser: 1_000, totalBytes: 256 * 1024 * 1024 };

export type NewStatement = Pick<HeldStatement, 'runtime' | 'subject' | 'patienceMs' | 'headers' | 'body' | 'forwarded' | 'origin'>;

/** Of a statement that another replica, or this one before a restart, has admitted and told its client about. */
export interface FormerLife extends Pick<HeldStatement, 'id' | 'arrivedAt' | 'token'> {
  readonly capability: string;
}

export interface HoldQueueInit {
  readonly clock: Clock;
  readonly demand: DemandKeeper;
  readonly limits: HoldLimits;
  readonly budget: MemoryBudget;
  readonly gaps: Pick<Gaps, 'isNow' | 'onBegin'>;
  readonly shard: string;
  readonly firstSequence: number;
  /** Whether the runtime has to be asked for, or would run the statement right now. */
  readonly needsDemand: (runtime: string) => boolean;
  /** A statement that still waited is dropped: nobody asks for it any more. */
  readonly onAbandoned?: (runtime: string) => void;
  /** Somebody waits for these: told while anything is held, for what no event tells. */
  readonly onSweep?: (runtimes: Iterable<string>) => void;
}

/** Who is told takes a moment each, and what else comes to this gateway must not wait for thousands of them. */
const atOnce = 32;
const soon = Promise.resolve();

/** What a chain begins with when one is taken out of it. Anybody can ask for one statement on thousands of connections. */
function without(request: OpenRequest, first: OpenRequest | undefined): OpenRequest | undefined {
  if (first === request) return request.next;
  let before = first;
  while (before !== undefined && before.next !== request) before = before.next;
  if (before !== undefined) before.next = request.next;
  return first;
}

export class HoldQueue implements WaitingRoom {
  readonly #init: HoldQueueInit;
  readonly #held = new Map<string, HeldStatement>();
  /** Those without a request that is kept open: only they can be given up, and of thousands who wait they are a few. */
  readonly #unattended = new Bag<HeldStatement>();
  readonly #byRealId = new Map<string, HeldStatement>();
  readonly #endings = createEndings();
  readonly #lines = new WaitingLines();
  readonly #deadlines: Deadlines;
  readonly #turns = new Turns<OpenRequest>((request) => this.#look(request));
  #openRequests = 0;
  #sequence: number;
  /** They are looked at again and again while anything is held. */
  readonly #rounds: Rounds<HeldStatement>;
  #isStopped = false;

  constructor(init: HoldQueueInit) {
    this.#init = init;
    this.#sequence = init.firstSequence;
    this.#deadlines = new Deadlines(init.clock, init.gaps);
    this.#rounds = new Rounds({
      clock: init.clock,
      items: () => this.#unattended,
      look: (held) => this.#check(held),
      onEnd: () => {
        init.onSweep?.(this.#lines.runtimes());
        return this.#held.size > 0 && !this.#isStopped;
      },
    });
  }

  get size(): number {
    return this.#held.size;
  }

  /** Requests that are kept open. */
  get openRequests(): number {
    return this.#openRequests;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  waitingFor(runtime: string): number {
    return this.#lines.sizeOf(runtime);
  }

  /** Of these, those that count here and at no other gateway, as far as one alone can tell: sums over gateways are true. */
  shareOf(runtime: string): number {
    const now = this.#init.clock.now();
    let share = this.waitingFor(runtime);
    for (const held of this.#unattended)
      if (held.runtime === runtime && isWaiting(held, now) && !comesBack(held.trail, now - held.lastSeenAt)) share -= 1;
    return share;
  }

  /** Who waits for it, whose turn is next first. */
  lineOf(runtime: string): Iterable<HeldStatement> {
    return this.#lines.of(runtime);
  }

  /** It is submitted: the other users come next. */
  served(held: HeldStatement): void {
    this.#lines.served(held);
  }

  newId(): string {
    return formatHeldId(this.#init.clock.now(), this.#sequence++, this.#init.shard);
  }

  admit(statement: NewStatement, former?: FormerLife): HeldStatement | GatewayProblem {
    const { runtime } = statement;
    const { user } = statement.subject;
    const { limits, budget, clock } = this.#init;
    if (this.#lines.sizeOf(runtime) >= limits.perRuntime) {
      return { code: 'QUEUE_FULL', detail: `${limits.perRuntime} statements already wait for ${runtime}; try again when some have run.` };
    }
    if (this.#lines.sizeOfUser(runtime, user) >= limits.perUser) {
      return {
        code: 'QUEUE_FULL',
        detail: `user ${user} already has ${limits.perUser} statements waiting for ${runtime}; wait for some of them.`,
      };
    }
    const bytes = sizeOf(statement);
    if (!budget.take(bytes)) {
      return { code: 'QUEUE_FULL', detail: 'the gateway holds as many waiting statements as its memory allows; try again shortly.' };
    }
    const now = clock.now();
    const held: HeldStatement = {
      ...statement,
      id: former?.id ?? this.newId(),
      arrivedAt: now,
      bytes,
      state: 'HELD',
      token: -1,
      ...former,
      maySubmitAgain: false,
      trail: beginTrail(former === undefined ? 0 : undefined),
      lastSeenAt: now,
      openRequest: undefined,
      place: -1,
      position: 0,
      expectedUntil: now + waitingGraceMs,
    };
    this.#held.set(held.id, held);
    this.#unattended.add(held);
    this.#lines.add(held);
    this.#refresh(runtime, held.arrivedAt);
    if (!this.#isStopped) this.#rounds.plan();
    return held;
  }

  find(id: string): HeldStatement | undefined {
    return this.#held.get(id);
  }

  /** A statement that was handed over and is kept because its query has not begun to run. */
  findByRealId(realId: string): HeldStatement | undefined {
    return this.#byRealId.get(realId);
  }

  realIdOf(heldId: string): Alias | undefined {
    return this.#endings.aliasOf(heldId);
  }

  /** Another replica handed it over. */
  learnAlias(heldId: string, alias: Alias): Alias {
    this.#endings.handedOver(heldId, alias);
    return alias;
  }

  /** What a client that comes back to a statement that is not held any more is told; undefined when it was never here. */
  endOf(heldId: string): TrinoFailure | undefined {
    return this.#endings.failureOf(heldId);
  }

  /** Cancelled through this replica, which does not hold it: it is not taken up here any more. */
  cancelUnheld(heldId: string): void {
    this.#endings.ended(heldId, canceled);
  }

  /** A request of the client is here: it counts as waiting, also if it was thought to have given up. */
  seen(held: HeldStatement): void {
    const now = this.#init.clock.now();
    held.lastSeenAt = now;
    held.expectedUntil = now + waitingGraceMs;
    if (isPending(held)) this.#lines.add(held);
    this.#refresh(held.runtime);
  }

  /** It looks again once: after the next `wake` or `notify`, after `ms`, or when the client goes, and never within the call that told it. */
  onChange(request: OpenRequest, ms: number): void {
    const { held, gone } = request;
    request.next = held.openRequest;
    held.openRequest = request;
    this.#unattended.delete(held);
    this.#openRequests += 1;
    this.#deadlines.add(request, ms);
    gone.addEventListener('abort', request);
  }

  told(request: OpenRequest): void {
    if (this.#tell(request)) this.#turns.add(request);
  }

  /** The statement changed: its requests look again. */
  wake(held: HeldStatement): void {
    if (!isPending(held)) this.#lines.delete(held);
    this.nudge(held);
    this.#refresh(held.runtime);
  }

  /** Its requests look again. */
  nudge(held: HeldStatement): void {
    for (let request = held.openRequest; request !== undefined; request = request.next) this.told(request);
  }

  /** It is its turn in the line: its requests look again before all others who are about to. */
  callUp(held: HeldStatement): void {
    for (let request = held.openRequest; request !== undefined; request = request.next) {
      const called = request;
      this.#tell(called);
      void soon.then(() => this.#look(called));
    }
  }

  /** The first who has a request open looks again. False when nobody has. */
  nudgeNext(runtime: string): boolean {
    for (const held of this.lineOf(runtime)) {
      if (held.state !== 'HELD' || held.openRequest === undefined) continue;
      this.nudge(held);
      return true;
    }
    return false;
  }

  /**
   * Something about these runtimes changed: everybody who waits looks again, in the order of the line, not all in one breath. The first
   * ones take the places there are, if it is that: later ones may be about to look.
   */
  notify(runtimes: Iterable<string>): void {
    for (const runtime of runtimes) {
      const others: HeldStatement[] = [];
      let called = 0;
      for (const held of this.lineOf(runtime)) {
        if (called === atOnce || held.state !== 'HELD' || held.openRequest === undefined) others.push(held);
        else {
          this.callUp(held);
          called += 1;
        }
      }
      this.#nudgeAll(others);
      this.#refresh(runtime);
    }
  }

  #nudgeAll(line: readonly HeldStatement[]): void {
    for (const held of line.slice(0, atOnce)) this.nudge(held);
    if (line.length > atOnce) this.#init.clock.after(0, () => this.#nudgeAll(line.slice(atOnce)));
  }

  /** The answer is kept for repetitions; text and credentials only as long as it may have to be submitted again. */
  handOver(held: HeldStatement, outcome: Outcome, maySubmitAgain: boolean): void {
    held.state = 'HANDED_OVER';
    held.outcome = outcome;
    held.maySubmitAgain = maySubmitAgain;
    if (outcome.realId !== undefined) this.#byRealId.set(outcome.realId, held);
    this.#alias(held, false);
    if (!maySubmitAgain) this.#forgetContent(held);
    else this.#account(held);
    this.wake(held);
  }

  /** The query may have begun: its text and credentials are not needed any more, and must not be used again. */
  begun(held: HeldStatement): void {
    this.#alias(held, true);
    this.#forgetRealId(held);
    this.#forgetContent(held);
  }

  /** Handed over to a coordinator that died before the query began: it waits again. */
  reopen(held: HeldStatement): void {
    this.#forgetRealId(held);
    this.#endings.forget(held.id);
    delete held.outcome;
    held.state = 'HELD';
    this.#account(held);
    this.seen(held);
  }

  /** It waits for another runtime now. */
  move(held: HeldStatement, runtime: string): void {
    const from = held.runtime;
    this.#lines.delete(held);
    held.runtime = runtime;
    held.position = 0;
    this.#lines.add(held);
    this.#refresh(from);
    this.#refresh(runtime, held.arrivedAt);
  }

  drop(held: HeldStatement): void {
    if (!this.#held.delete(held.id)) return;
    this.#unattended.delete(held);
    this.#forgetRealId(held);
    this.#init.budget.give(held.bytes);
    held.bytes = 0;
    this.#lines.delete(held);
    this.#refresh(held.runtime);
  }

  /** Everybody who waits is answered now; nobody waits any more. */
  stop(): void {
    this.#isStopped = true;
    this.#rounds.stop();
    for (const held of this.#held.values()) this.nudge(held);
  }

  /** False when it is about to look already. */
  #tell(request: OpenRequest): boolean {
    if (request.isTold) return false;
    const { held, gone } = request;
    request.isTold = true;
    this.#deadlines.delete(request);
    held.lastSeenAt = this.#init.clock.now();
    held.expectedUntil = held.lastSeenAt + (gone.aborted ? closedGraceMs : waitingGraceMs);
    return true;
  }

  #look(request: OpenRequest): void {
    // It was called up before its turn came.
    if (!request.isTold) return;
    request.isTold = false;
    const { held, gone } = request;
    held.openRequest = without(request, held.openRequest);
    if (held.openRequest === undefined && this.#held.has(held.id)) this.#unattended.add(held);
    this.#openRequests -= 1;
    gone.removeEventListener('abort', request);
    request.look();
  }

  #alias(held: HeldStatement, hasBegun: boolean): void {
    const realId = held.outcome?.realId;
    if (held.token >= 0 && realId !== undefined) this.#endings.handedOver(held.id, { runtime: held.runtime, realId, hasBegun });
  }

  #forgetContent(held: HeldStatement): void {
    held.maySubmitAgain = false;
    held.headers = [];
    held.body = Buffer.alloc(0);
    delete held.freshAuthorization;
    this.#account(held);
    // Its client never knew the held id: nothing can ask for it.
    if (held.token < 0) this.drop(held);
  }

  #forgetRealId(held: HeldStatement): void {
    const realId = held.outcome?.realId;
    if (realId !== undefined && this.#byRealId.get(realId) === held) this.#byRealId.delete(realId);
  }

  /** What is held already is never refused for a few bytes more: the budget may be overdrawn by answers, 1 MiB each at most. */
  #account(held: HeldStatement): void {
    if (held.bytes === 0) return;
    const bytes = sizeOf(held);
    this.#init.budget.give(held.bytes - bytes);
    held.bytes = bytes;
  }

  #refresh(runtime: string, arrivedAt?: number): void {
    const { demand, needsDemand } = this.#init;
    if (this.#lines.sizeOf(runtime) > 0 && needsDemand(runtime)) demand.want(runtime, () => this.#lines.countOf(runtime), arrivedAt);
    else demand.release(runtime);
  }

  /** What it came to is remembered, since its address may still open. */
  #end(held: HeldStatement): void {
    if (held.state === 'HELD') this.#init.onAbandoned?.(held.runtime);
    if (held.token >= 0 && held.state !== 'HANDED_OVER') {
      const failure = held.failure ?? (held.state === 'CANCELED' ? canceled : abandoned);
      this.#endings.ended(held.id, failure);
    }
    this.drop(held);
  }

  #check(held: HeldStatement): void {
    const now = this.#init.clock.now();
    if (isForgettable(held, now)) this.#end(held);
    else if (!isWaiting(held, now)) this.#lines.delete(held);
    else return;
    this.#refresh(held.runtime);
  }
}
