// Calls many back at their times with one timer for all of them: thousands who wait keep none of their own, which would be several
// objects each. Never early, and up to 4 ms late: few are called back in one breath, and in a gap between pages where there is one. At
// rest it holds no timer.
import type { Clock, EpochMs } from '#core/clock.ts';
import { shortMs, type Gaps } from './gaps.ts';

export interface Timed {
  /** Which of the slots of 2 ms it waits for; kept here, and so are its neighbours there. */
  slot: number;
  earlier: Timed | undefined;
  later: Timed | undefined;
  /** Its time has come. It may be added again, though not from within. */
  onDue(): void;
}

const slotMs = 2;
/** So long pages that come often now can be thought to go on. */
const soonMs = 100;

export class Deadlines {
  readonly #clock: Clock;
  readonly #gaps: Pick<Gaps, 'isNow' | 'onBegin'>;
  /** Slots are counted from here: small numbers. */
  readonly #begunAt: EpochMs;
  /** The newest of each; it knows those before it. */
  readonly #slots = new Map<number, Timed>();
  /** The first one that may have anything in it. */
  #first = 0;
  #armed = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, gaps: Pick<Gaps, 'isNow' | 'onBegin'>) {
    this.#clock = clock;
    this.#gaps = gaps;
    this.#begunAt = clock.now();
    gaps.onBegin = () => {
      if (this.#isDue(0)) this.#fire();
    };
  }

  /** `ms` from now, at least 1. */
  add(item: Timed, ms: number): void {
    const now = this.#clock.now() - this.#begunAt;
    const slot = Math.ceil((now + ms) / slotMs);
    // The next one that is not empty would be looked for without end.
    if (!Number.isSafeInteger(slot)) throw new RangeError(`a deadline in ${ms} ms`);
    if (this.#slots.size === 0 || slot < this.#first) this.#first = slot;
    item.slot = slot;
    const newest = this.#slots.get(slot);
    item.earlier = newest;
    if (newest !== undefined) newest.later = item;
    this.#slots.set(slot, item);
    this.#arm(now);
  }

  /** One that has been called back or taken away may be taken away again. */
  delete(item: Timed): void {
    const { earlier, later, slot } = item;
    if (earlier !== undefined) earlier.later = later;
    if (later !== undefined) later.earlier = earlier;
    else if (this.#slots.get(slot) === item) {
      if (earlier === undefined) this.#slots.delete(slot);
      else this.#slots.set(slot, earlier);
    }
    item.earlier = undefined;
    item.later = undefined;
    if (this.#slots.size === 0) this.#disarm();
  }

  #arm(now: number): void {
    if (this.#slots.size === 0) return;
    while (!this.#slots.has(this.#first)) this.#first += 1;
    if (this.#armed === this.#first) return;
    this.#disarm();
    this.#armed = this.#first;
    const leftMs = this.#first * slotMs - now;
    // Where pages come often one of them brings the gap: a timer would go off into the next one's arrival.
    const lateMs = leftMs > soonMs || this.#gaps.isNow ? 0 : shortMs;
    this.#cancel = this.#clock.after(leftMs + lateMs, () => {
      if (this.#gaps.isNow || this.#isDue(shortMs)) this.#fire();
      else this.#cancel = this.#clock.after(shortMs, () => this.#fire());
    });
  }

  /** For at least so long. */
  #isDue(lateMs: number): boolean {
    return this.#clock.now() - this.#begunAt >= this.#armed * slotMs + lateMs;
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
      for (let item = this.#slots.get(this.#first); item !== undefined; item = this.#slots.get(this.#first)) {
        this.delete(item);
        item.onDue();
      }
    }
    this.#arm(now);
  }
}
