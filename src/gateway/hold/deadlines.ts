// Calls many back at their times with one timer for all of them: thousands who wait keep none of their own, which would be several
// objects each. Never early, and up to 2 ms late, so that few are called back in one breath. At rest it holds no timer.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface Timed {
  /** Which of the slots of 2 ms it waits for; kept here. */
  slot: number;
  /** Its time has come. It may be added again, though not from within. */
  onDue(): void;
}

const slotMs = 2;

export class Deadlines {
  readonly #clock: Clock;
  /** Slots are counted from here: small numbers. */
  readonly #begunAt: EpochMs;
  readonly #slots = new Map<number, Set<Timed>>();
  /** The first one that may have anything in it. */
  #first = 0;
  #armed = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begunAt = clock.now();
  }

  /** `ms` from now, at least 1. */
  add(item: Timed, ms: number): void {
    const now = this.#clock.now() - this.#begunAt;
    const slot = Math.ceil((now + ms) / slotMs);
    // The next one that is not empty would be looked for without end.
    if (!Number.isSafeInteger(slot)) throw new RangeError(`a deadline in ${ms} ms`);
    if (this.#slots.size === 0 || slot < this.#first) this.#first = slot;
    item.slot = slot;
    const others = this.#slots.get(slot);
    if (others === undefined) this.#slots.set(slot, new Set([item]));
    else others.add(item);
    this.#arm(now);
  }

  delete(item: Timed): void {
    const others = this.#slots.get(item.slot);
    if (others?.delete(item) === true && others.size === 0) this.#slots.delete(item.slot);
    if (this.#slots.size === 0) this.#disarm();
  }

  #arm(now: number): void {
    if (this.#slots.size === 0) return;
    while (!this.#slots.has(this.#first)) this.#first += 1;
    if (this.#armed === this.#first) return;
    this.#disarm();
    this.#armed = this.#first;
    this.#cancel = this.#clock.after(this.#first * slotMs - now, () => this.#fire());
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armed = Infinity;
  }

  #fire(): void {
    this.#disarm();
    const now = this.#clock.now() - this.#begunAt;
    for (; this.#slots.size > 0 && this.#first * slotMs <= now; this.#first += 1) {
      const due = this.#slots.get(this.#first);
      if (due === undefined) continue;
      for (const item of due) {
        this.delete(item);
        item.onDue();
      }
    }
    this.#arm(now);
  }
}
