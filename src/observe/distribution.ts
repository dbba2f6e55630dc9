// How long things took, in a few classes. Plain numbers: adding one is cheap enough for a busy path, and reading is the scraper's
// matter. Knows nothing of who reads it.

export interface DistributionReading {
  /** For each bound, how many took at most that long. */
  readonly atMost: readonly (readonly [boundSeconds: number, count: number])[];
  readonly count: number;
  readonly sumSeconds: number;
}

export class Distribution {
  readonly #bounds: readonly number[];
  /** One more than bounds: what took longer than the last. */
  readonly #counts: number[];
  #sumSeconds = 0;

  /** `bounds` in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = [...bounds.map(() => 0), 0];
  }

  add(seconds: number): void {
    let index = 0;
    while (index < this.#bounds.length && seconds > (this.#bounds[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sumSeconds += seconds;
  }

  read(): DistributionReading {
    let count = 0;
    const atMost = this.#bounds.map((bound, index) => [bound, (count += this.#counts[index] as number)] as const);
    return { atMost, count: count + (this.#counts.at(-1) as number), sumSeconds: this.#sumSeconds };
  }
}
