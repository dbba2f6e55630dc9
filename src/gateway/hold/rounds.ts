// Looks through everything that is kept, again and again while there is anything, a few at a time: what else comes is served between
// them, however many there are. At rest it holds no timer.
import type { Clock } from '#core/clock.ts';

export interface RoundsInit<T> {
  readonly clock: Clock;
  /** Asked when a round begins; what is added and taken away meanwhile is up to it, as a Map's values do it. */
  readonly items: () => Iterable<T>;
  readonly look: (item: T) => void;
  /** The round is over. True while there is anything left to look at. */
  readonly onEnd: () => boolean;
}

/** Between two rounds, in ms. */
const pauseMs = 1_000;
/** Looked at in one breath, which takes a part of a millisecond, and the pause until the next ones, in ms. */
const atOnce = 200;
const breathMs = 10;

export class Rounds<T> {
  readonly #init: RoundsInit<T>;
  #cancel: (() => void) | undefined;

  constructor(init: RoundsInit<T>) {
    this.#init = init;
  }

  /** There is something to look at. */
  plan(): void {
    this.#cancel ??= this.#init.clock.after(pauseMs, () => this.#goOn(this.#init.items()[Symbol.iterator]()));
  }

  stop(): void {
    this.#cancel?.();
  }

  #goOn(items: Iterator<T>): void {
    const { clock, look, onEnd } = this.#init;
    for (let count = 0; count < atOnce; count += 1) {
      const next = items.next();
      if (next.done === true) {
        this.#cancel = undefined;
        if (onEnd()) this.plan();
        return;
      }
      look(next.value);
    }
    this.#cancel = clock.after(breathMs, () => this.#goOn(items));
  }
}
