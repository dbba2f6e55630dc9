// That somebody who asked has gone, for those who work for them. As much of an AbortSignal as a request needs that in most cases
// nobody listens to: making a real one for each request costs as much as parsing it.

/** What takes part of a request may be told by a function, or itself. */
export type DepartureListener = (() => void) | { handleEvent(): void };

/** What an AbortSignal is too. */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: DepartureListener): void;
  removeEventListener(type: 'abort', listener: DepartureListener): void;
}

const nobody: readonly DepartureListener[] = Object.freeze([]);

export class Departure implements Cancellation {
  #isAborted = false;
  /** Most requests have one or none. */
  #first: DepartureListener | undefined;
  #others = nobody;

  get aborted(): boolean {
    return this.#isAborted;
  }

  addEventListener(_type: 'abort', listener: DepartureListener): void {
    if (this.#first === undefined) this.#first = listener;
    else this.#others = [...this.#others, listener];
  }

  removeEventListener(_type: 'abort', listener: DepartureListener): void {
    if (this.#first === listener) this.#first = undefined;
    else if (this.#others !== nobody) this.#others = this.#others.filter((other) => other !== listener);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const first = this.#first;
    const listeners = first === undefined ? this.#others : [first, ...this.#others];
    this.#first = undefined;
    this.#others = nobody;
    for (const listener of listeners) {
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
    }
  }

  /** For who needs a real one. */
  toSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.#isAborted) controller.abort();
    else this.addEventListener('abort', () => controller.abort());
    return controller.signal;
  }
}
