// The statements that wait for a runtime: admitted up to a bound, found again by id, told when the route table changes,
// counted for demand, and dropped when nobody asks for them any more. At rest it holds no timer. Admitting, finding and
// ending one costs the same however many wait.
import type { Clock } from '#core/clock.ts';
import { formatHeldId } from '#trino/protocol/query-id.ts';
import type { GatewayProblem } from '../problems.ts';
import type { DemandKeeper, WaitingCount } from './demand.ts';
import {
  closedGraceMs,
  isForgettable,
  isPending,
  isWaiting,
  sizeOf,
  waitingGraceMs,
  type HeldStatement,
  type Outcome,
} from './held-statement.ts';
import type { MemoryBudget } from './memory-budget.ts';

export interface HoldLimits {
  readonly perRuntime: number;
  readonly perUser: number;
  readonly totalBytes: number;
}

export const defaultHoldLimits: HoldLimits = { perRuntime: 10_000, perUser: 1_000, totalBytes: 256 * 1024 * 1024 };

export type NewStatement = Pick<HeldStatement, 'runtime' | 'user' | 'patienceMs' | 'headers' | 'body' | 'forwarded' | 'origin'>;

export interface Alias {
  readonly runtime: string;
  readonly realId: string;
}

export interface HoldQueueInit {
  readonly clock: Clock;
  readonly demand: DemandKeeper;
  readonly limits: HoldLimits;
  readonly budget: MemoryBudget;
  readonly shard: string;
  /** Whether the runtime has to be asked for, or would run the statement right now. */
  readonly needsDemand: (runtime: string) => boolean;
}

/** Who waits now is looked at this often while anything is held, in ms. */
const sweepMs = 1_000;
/** Aliases from held to real ids, for cancelling by the first id; oldest go first. */
const maxAliases = 10_000;

interface Waiters {
  readonly statements: Set<HeldStatement>;
  readonly perUser: Map<string, number>;
}

export class HoldQueue {
  readonly #init: HoldQueueInit;
  readonly #held = new Map<string, HeldStatement>();
  readonly #byRealId = new Map<string, HeldStatement>();
  readonly #aliases = new Map<string, Alias>();
  readonly #waiters = new Map<string, Waiters>();
  #sequence = 0;
  #isStopped = false;
  #cancelSweep: (() => void) | undefined;

  constructor(init: HoldQueueInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#held.size;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  waitingFor(runtime: string): number {
    return this.#waiters.get(runtime)?.statements.size ?? 0;
  }

  admit(statement: NewStatement): HeldStatement | GatewayProblem {
    const { runtime, user } = statement;
    const { limits, budget, clock, shard } = this.#init;
    const waiters = this.#waiters.get(runtime);
    if ((waiters?.statements.size ?? 0) >= limits.perRuntime) {
      return { code: 'QUEUE_FULL', detail: `${limits.perRuntime} statements already wait for ${runtime}; try again when some have run.` };
    }
    if ((waiters?.perUser.get(user) ?? 0) >= limits.perUser) {
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
      id: formatHeldId(now, this.#sequence++, shard),
      arrivedAt: now,
      bytes,
      state: 'HELD',
      token: -1,
      lastSeenAt: now,
      wakers: new Set(),
      expectedUntil: now + waitingGraceMs,
    };
    this.#held.set(held.id, held);
    this.#count(held);
    this.#refresh(runtime, now);
    this.#planSweep();
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
    return this.#aliases.get(heldId);
  }

  /** A request of the client is here: it counts as waiting, also if it was thought to have given up. */
  seen(held: HeldStatement): void {
    const now = this.#init.clock.now();
    held.lastSeenAt = now;
    held.expectedUntil = now + waitingGraceMs;
    if (isPending(held)) this.#count(held);
    this.#refresh(held.runtime);
  }

  /** Fulfilled by the next `wake` or `notify`, after `ms`, or when the client goes. */
  waitForChange(held: HeldStatement, ms: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        held.wakers.delete(done);
        gone.removeEventListener('abort', done);
        held.lastSeenAt = this.#init.clock.now();
        held.expectedUntil = held.lastSeenAt + (gone.aborted ? closedGraceMs : waitingGraceMs);
        resolve();
      };
      const cancel = this.#init.clock.after(ms, done);
      held.wakers.add(done);
      gone.addEventListener('abort', done, { once: true });
    });
  }

  /** The statement changed: its requests look again. */
  wake(held: HeldStatement): void {
    if (!isPending(held)) this.#uncount(held);
    for (const wake of [...held.wakers]) wake();
    this.#refresh(held.runtime);
  }

  /** Something about these runtimes changed: everybody who waits looks again, first come first. */
  notify(runtimes: Iterable<string>): void {
    for (const runtime of runtimes) {
      for (const held of [...(this.#waiters.get(runtime)?.statements ?? [])]) for (const wake of [...held.wakers]) wake();
      this.#refresh(runtime);
    }
  }

  /** The answer is kept for repetitions, and while its query has not begun so is the statement. */
  handOver(held: HeldStatement, outcome: Outcome): void {
    held.state = 'HANDED_OVER';
    held.outcome = outcome;
    if (outcome.realId !== undefined) this.#byRealId.set(outcome.realId, held);
    this.#account(held);
    this.wake(held);
  }

  /** The client knows the held id and keeps it: it must stay good for as long as the real query may live. */
  alias(held: HeldStatement, realId: string): void {
    this.#aliases.set(held.id, { runtime: held.runtime, realId });
    const oldest = this.#aliases.size > maxAliases ? this.#aliases.keys().next().value : undefined;
    if (oldest !== undefined) this.#aliases.delete(oldest);
  }

  /** The query may have begun: its text and credentials are not needed any more, and must not be used again. */
  begun(held: HeldStatement): void {
    this.#forgetRealId(held);
    held.headers = [];
    held.body = Buffer.alloc(0);
    delete held.freshAuthorization;
    this.#account(held);
    if (held.token < 0) this.drop(held);
  }

  /** Handed over to a coordinator that died before the query began: it waits again. */
  reopen(held: HeldStatement): void {
    this.#forgetRealId(held);
    this.#aliases.delete(held.id);
    delete held.outcome;
    held.state = 'HELD';
    this.#account(held);
    this.seen(held);
  }

  drop(held: HeldStatement): void {
    if (!this.#held.delete(held.id)) return;
    this.#forgetRealId(held);
    this.#init.budget.give(held.bytes);
    held.bytes = 0;
    this.#uncount(held);
    this.#refresh(held.runtime);
  }

  /** Everybody who waits is answered now; nobody waits any more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
    for (const held of this.#held.values()) for (const wake of [...held.wakers]) wake();
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

  #count(held: HeldStatement): void {
    const waiters: Waiters = this.#waiters.get(held.runtime) ?? { statements: new Set(), perUser: new Map() };
    if (waiters.statements.has(held)) return;
    this.#waiters.set(held.runtime, waiters);
    waiters.statements.add(held);
    waiters.perUser.set(held.user, (waiters.perUser.get(held.user) ?? 0) + 1);
  }

  #uncount(held: HeldStatement): void {
    const waiters = this.#waiters.get(held.runtime);
    if (waiters === undefined || !waiters.statements.delete(held)) return;
    const left = (waiters.perUser.get(held.user) ?? 1) - 1;
    if (left > 0) waiters.perUser.set(held.user, left);
    else waiters.perUser.delete(held.user);
    if (waiters.statements.size === 0) this.#waiters.delete(held.runtime);
  }

  #countOf(runtime: string): WaitingCount {
    let newest: HeldStatement | undefined;
    const { statements } = this.#waiters.get(runtime) ?? { statements: new Set<HeldStatement>() };
    for (const held of statements) if (newest === undefined || held.arrivedAt >= newest.arrivedAt) newest = held;
    return { waiting: statements.size, newestArrivedAt: newest?.arrivedAt ?? 0, user: newest?.user ?? '' };
  }

  #refresh(runtime: string, arrivedAt?: number): void {
    const { demand, needsDemand } = this.#init;
    if (this.#waiters.has(runtime) && needsDemand(runtime)) demand.want(runtime, () => this.#countOf(runtime), arrivedAt);
    else demand.release(runtime);
  }

  #planSweep(): void {
    if (!this.#isStopped) this.#cancelSweep ??= this.#init.clock.after(sweepMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const now = this.#init.clock.now();
    for (const held of [...this.#held.values()]) {
      if (isForgettable(held, now)) this.drop(held);
      else if (!isWaiting(held, now)) this.#uncount(held);
      else continue;
      this.#refresh(held.runtime);
    }
    if (this.#held.size > 0) this.#planSweep();
  }
}
