// The statements that wait for a runtime: admitted up to a bound, found again by id, told when the route table changes,
// counted for demand, and dropped when nobody asks for them any more. At rest it holds no timer.
import type { Clock } from '#core/clock.ts';
import { formatHeldId } from '#trino/protocol/query-id.ts';
import type { GatewayProblem } from '../problems.ts';
import type { DemandKeeper } from './demand.ts';
import { isAbandoned, isWaiting, sizeOf, type HeldStatement } from './held-statement.ts';

export interface HoldLimits {
  readonly perRuntime: number;
  readonly perUser: number;
  readonly totalBytes: number;
}

export const defaultHoldLimits: HoldLimits = { perRuntime: 10_000, perUser: 1_000, totalBytes: 256 * 1024 * 1024 };

export type NewStatement = Pick<HeldStatement, 'runtime' | 'user' | 'patienceMs' | 'headers' | 'body' | 'forwarded' | 'origin'>;

/** Who waits now is looked at this often while anything is held, in ms. */
const sweepMs = 1_000;
/** Aliases from held to real ids, for cancelling by the first id; oldest go first. */
const maxAliases = 10_000;

export class HoldQueue {
  readonly #clock: Clock;
  readonly #demand: DemandKeeper;
  readonly #limits: HoldLimits;
  readonly #shard: string;
  readonly #held = new Map<string, HeldStatement>();
  readonly #aliases = new Map<string, { readonly runtime: string; readonly realId: string }>();
  readonly #wakers = new Map<string, Set<() => void>>();
  /** Whether a runtime needs to be asked for: it is not RUNNING. */
  readonly #needsDemand: (runtime: string) => boolean;
  #bytes = 0;
  #sequence = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(init: { clock: Clock; demand: DemandKeeper; limits: HoldLimits; shard: string; needsDemand: (runtime: string) => boolean }) {
    this.#clock = init.clock;
    this.#demand = init.demand;
    this.#limits = init.limits;
    this.#shard = init.shard;
    this.#needsDemand = init.needsDemand;
  }

  get size(): number {
    return this.#held.size;
  }

  admit(statement: NewStatement): HeldStatement | GatewayProblem {
    const now = this.#clock.now();
    const waiting = [...this.#held.values()].filter((held) => held.runtime === statement.runtime && isWaiting(held, now));
    if (waiting.length >= this.#limits.perRuntime) {
      return { code: 'QUEUE_FULL', detail: `${waiting.length} statements already wait for ${statement.runtime}; try again when some have run.` };
    }
    if (waiting.filter(({ user }) => user === statement.user).length >= this.#limits.perUser) {
      return { code: 'QUEUE_FULL', detail: `user ${statement.user} already has ${this.#limits.perUser} statements waiting for ${statement.runtime}; wait for some of them.` };
    }
    const held: HeldStatement = {
      ...statement,
      id: formatHeldId(now, this.#sequence++, this.#shard),
      arrivedAt: now,
      state: 'HELD',
      token: 0,
      lastSeenAt: now,
      waiting: 0,
    };
    const size = sizeOf(held);
    if (this.#bytes + size > this.#limits.totalBytes) {
      return { code: 'QUEUE_FULL', detail: 'the gateway holds as many waiting statements as its memory allows; try again shortly.' };
    }
    this.#bytes += size;
    this.#held.set(held.id, held);
    this.refresh(held.runtime);
    this.#planSweep();
    return held;
  }

  find(id: string): HeldStatement | undefined {
    return this.#held.get(id);
  }

  drop(held: HeldStatement): void {
    if (!this.#held.delete(held.id)) return;
    this.#bytes -= sizeOf(held);
    this.refresh(held.runtime);
  }

  /** The answer is kept for repetitions, the alias for cancelling by the first id. */
  handOver(held: HeldStatement, result: NonNullable<HeldStatement['handedOver']>): void {
    this.#bytes += result.answer.body.length;
    held.handedOver = result;
    held.state = 'HANDED_OVER';
    if (result.realId !== undefined) {
      this.#aliases.set(held.id, { runtime: held.runtime, realId: result.realId });
      const oldest = this.#aliases.size > maxAliases ? this.#aliases.keys().next().value : undefined;
      if (oldest !== undefined) this.#aliases.delete(oldest);
    }
    this.refresh(held.runtime);
  }

  realIdOf(heldId: string): { readonly runtime: string; readonly realId: string } | undefined {
    return this.#aliases.get(heldId);
  }

  /** Fulfilled by the next `notify` of the runtime, after `ms`, or when the client goes. */
  waitForChange(runtime: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wakers = this.#wakers.get(runtime) ?? new Set<() => void>();
      this.#wakers.set(runtime, wakers);
      const done = (): void => {
        cancel();
        wakers.delete(done);
        if (wakers.size === 0 && this.#wakers.get(runtime) === wakers) this.#wakers.delete(runtime);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      wakers.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Something about these runtimes changed: everybody who waits looks again, first come first. */
  notify(runtimes: Iterable<string>): void {
    for (const runtime of runtimes) {
      for (const wake of this.#wakers.get(runtime) ?? []) wake();
      this.refresh(runtime);
    }
  }

  waitingRuntimes(): Set<string> {
    return new Set([...this.#held.values()].map(({ runtime }) => runtime));
  }

  refresh(runtime: string): void {
    const now = this.#clock.now();
    const waiting = this.#needsDemand(runtime) ? [...this.#held.values()].filter((held) => held.runtime === runtime && isWaiting(held, now)) : [];
    const newest = waiting.reduce<HeldStatement | undefined>((best, held) => (best === undefined || held.arrivedAt >= best.arrivedAt ? held : best), undefined);
    this.#demand.update(runtime, { waiting: waiting.length, newestArrivedAt: newest?.arrivedAt ?? 0, user: newest?.user ?? '' });
  }

  stop(): void {
    this.#cancelSweep?.();
  }

  #planSweep(): void {
    this.#cancelSweep ??= this.#clock.after(sweepMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const now = this.#clock.now();
    for (const held of [...this.#held.values()]) if (isAbandoned(held, now)) this.drop(held);
    for (const runtime of this.waitingRuntimes()) this.refresh(runtime);
    if (this.#held.size > 0) this.#planSweep();
  }
}
