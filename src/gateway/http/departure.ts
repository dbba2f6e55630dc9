// That somebody who asked has gone, for those who work for them. As much of an AbortSignal as a request needs that in most cases
// nobody listens to: making a real one for each request costs as much as parsing it.

/** What an AbortSignal is too. */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

const nobody: readonly (() => void)[] = Object.freeze([]);

export class Departure implements Cancellation {
  #isAborted = false;
  /** Replaced, not changed: an array that grows takes room for many, and most have one or none. */
  #listeners = nobody;

  get aborted(): boolean {
    return this.#isAborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const rest = this.#listeners.filter((other) => other !== listener);
    this.#listeners = rest.length === 0 ? nobody : rest;
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const listeners = this.#listeners;
    this.#listeners = nobody;
    for (const listener of listeners) listener();
  }

  /** For who needs a real one. */
  toSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.#isAborted) controller.abort();
    else this.addEventListener('abort', () => controller.abort());
    return controller.signal;
  }
}
