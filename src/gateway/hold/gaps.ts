// The gaps between pages that are on their way to a coordinator and back. An answer to somebody who waits costs those pages a part of a
// millisecond, here and at its client, and is as good a moment later: it waits for a gap (decision 0031). Where pages come often, a gap
// begins when one has come back: before that the next one is about to come, and what wakes up the event loop lets it in as well.
import type { Clock, EpochMs } from '#core/clock.ts';

/** A coordinator that answers at once does so within this; one that takes its time holds the page back, and nothing of it is here. */
export const shortMs = 2;

export class Gaps {
  readonly #clock: Clock;
  #underWay = 0;
  #newestAt: EpochMs = -Infinity;
  /** The last page that was under way has come back. */
  onBegin = (): void => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A page goes to its coordinator. */
  begin(): void {
    this.#underWay += 1;
    this.#newestAt = this.#clock.now();
  }

  /** It has come back, or will not. */
  end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.onBegin();
  }

  /** No page has gone for a while. */
  get isNow(): boolean {
    return this.#clock.now() - this.#newestAt >= shortMs;
  }
}
