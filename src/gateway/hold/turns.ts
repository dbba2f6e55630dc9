// Who looks again does so in turns of the event loop, so that in between everybody else is served: a look with its answer takes a part of
// a millisecond, and several can be due in one. Shell. At rest it does nothing.

/** Few look one by one; of a crowd more do in a turn, since a turn is long where much is served. */
const shareOfTurn = 1 / 8;
const atOnce = 32;

export class Turns<T> {
  readonly #look: (one: T) => void;
  #waiting: T[] = [];

  constructor(look: (one: T) => void) {
    this.#look = look;
  }

  /** It looks soon, after those who were added before, and never within this call. */
  add(one: T): void {
    this.#waiting.push(one);
    if (this.#waiting.length === 1) setImmediate(this.#take);
  }

  readonly #take = (): void => {
    const waiting = this.#waiting;
    const count = Math.min(atOnce, Math.ceil(waiting.length * shareOfTurn));
    this.#waiting = waiting.slice(count);
    if (this.#waiting.length > 0) setImmediate(this.#take);
    for (const one of waiting.slice(0, count)) this.#look(one);
  };
}
