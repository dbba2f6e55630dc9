// Who waits for which runtime, in the order in which it is their turn, and what is told of them to whoever wakes it. Plain bookkeeping:
// who counts as waiting is the queue's to say.
import type { EpochMs } from '#core/clock.ts';
import type { WaitingCount } from './demand.ts';
import { FairLine } from './fair-line.ts';
import type { HeldStatement } from './held-statement.ts';

interface Waiting {
  readonly line: FairLine<HeldStatement>;
  /** Of the one that has come last since somebody waits; it may have gone. */
  newestArrivedAt: EpochMs;
  newestUser: string;
}

export class WaitingLines {
  readonly #waiting = new Map<string, Waiting>();

  /** Runtimes for which somebody waits. */
  runtimes(): Iterable<string> {
    return this.#waiting.keys();
  }

  of(runtime: string): Iterable<HeldStatement> {
    return this.#waiting.get(runtime)?.line ?? [];
  }

  sizeOf(runtime: string): number {
    return this.#waiting.get(runtime)?.line.size ?? 0;
  }

  sizeOfUser(runtime: string, user: string): number {
    return this.#waiting.get(runtime)?.line.countOf(user) ?? 0;
  }

  countOf(runtime: string): WaitingCount {
    const { newestArrivedAt = 0, newestUser: user = '' } = this.#waiting.get(runtime) ?? {};
    return { waiting: this.sizeOf(runtime), newestArrivedAt, user };
  }

  add(held: HeldStatement): void {
    const { runtime, arrivedAt, subject } = held;
    let waiting = this.#waiting.get(runtime);
    if (waiting === undefined) this.#waiting.set(runtime, (waiting = { line: new FairLine(), newestArrivedAt: 0, newestUser: '' }));
    waiting.line.add(subject.user, held);
    if (arrivedAt < waiting.newestArrivedAt) return;
    waiting.newestArrivedAt = arrivedAt;
    waiting.newestUser = subject.user;
  }

  delete(held: HeldStatement): void {
    const line = this.#waiting.get(held.runtime)?.line;
    if (line?.delete(held.subject.user, held) === true && line.size === 0) this.#waiting.delete(held.runtime);
  }

  /** One of its user's has had its turn: the other users come next. */
  served(held: HeldStatement): void {
    this.#waiting.get(held.runtime)?.line.served(held.subject.user);
  }
}
