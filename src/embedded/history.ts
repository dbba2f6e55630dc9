// The last changes in order of their revision, so that a watch can go on where it stopped. Bounded: older ones are gone,
// and who asks for them is told to list again (410).
import type { KubeObject } from '#core/objects.ts';

export interface Change {
  readonly revision: number;
  readonly typeId: string;
  /** State after the change; for a deletion the last state, with the revision of the deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
  readonly isDeletion: boolean;
}

export class History {
  readonly #capacity: number;
  readonly #changes: Change[] = [];
  /** A watch may start at this revision or later. */
  #from: number;

  /** `revision` is where this history begins, e.g. what the store had reached before a restart. */
  constructor(revision: number, capacity = 4_096) {
    this.#from = revision;
    this.#capacity = capacity;
  }

  get oldest(): number {
    return this.#from;
  }

  add(change: Change): void {
    this.#changes.push(change);
    // Twice the capacity before trimming makes trimming rare and cheap.
    if (this.#changes.length >= this.#capacity * 2) {
      const gone = this.#changes.splice(0, this.#changes.length - this.#capacity);
      this.#from = gone.at(-1)?.revision ?? this.#from;
    }
  }

  /** Changes after `revision`, or undefined when some of them are no longer known. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#from) {
      return undefined;
    }
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.#changes.slice(low);
  }
}
