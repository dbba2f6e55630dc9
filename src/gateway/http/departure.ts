// That somebody who asked has gone, for those who work for them. As much of an AbortSignal as a request needs that in most cases
// nobody listens to: making a real one for each request costs as much as parsing it.

/** What an AbortSignal is too. */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export class Departure implements Cancellation {
  #isAborted = false;
  #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#isAborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.lastIndexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** For who needs a real one. */
  toSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.#isAborted) controller.abort();
    else this.#listeners.push(() => controller.abort());
    return controller.signal;
  }
}
