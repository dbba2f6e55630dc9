// Keys that somebody should look at again. A key waits at most once, is never processed twice at the same time, and is never
// lost: added while in process, it is processed once more afterwards (the dirty and processing sets of controller-runtime).
import { setImmediate as nextTurn } from 'node:timers/promises';
import { halfJitterMs } from '#core/backoff.ts';
import type { Clock, EpochMs } from '#core/clock.ts';
import { KubeError } from '../errors.ts';

/** Told what happens in a queue, for metrics; throws nothing. Durations in ms. */
export interface WorkQueueObserver {
  /** A key that was not waiting already. */
  added(): void;
  /** Its turn has come. */
  started(waitedMs: number): void;
  ended(workedMs: number, hasFailed: boolean): void;
  /** A failed key will be tried again. */
  retried(): void;
}

export interface WorkQueueInit {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly observer?: WorkQueueObserver;
}

export interface RunOptions {
  /** Keys in process at the same time, at least 1. */
  readonly concurrency: number;
  /** Success forgets the key's failures; a throw adds the key again, rate-limited. */
  readonly process: (key: string) => Promise<void>;
  /** Told of every failure, before the key is added again. */
  readonly onError: (key: string, error: unknown) => void;
  /** A failure that trying again cannot mend is reported and not retried; default: none is. */
  readonly isTerminal?: (error: unknown) => boolean;
}

/** As controller-runtime: a first retry nearly at once, a hopeless key about every quarter of an hour. */
const retryLimits = { baseMs: 5, maxMs: 1_000_000 };
/** A server that is away or busy comes back, and no key is to sleep on for as long as it was away. */
const serverRetryLimits = { baseMs: 5, maxMs: 30_000 };

/** Whoever wants to be looked at again and again cannot have the machine to itself. */
const soonestMs = 10;

/** Not before the server says; `failures` are those before this one. */
function retryWaitMs(error: unknown, failures: number, random: () => number): number {
  const ofServer = error instanceof KubeError ? error : undefined;
  const limits = ofServer === undefined || ofServer.isTerminal ? retryLimits : serverRetryLimits;
  return (ofServer?.retryAfterMs ?? 0) + halfJitterMs(limits, failures, random);
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #observer: WorkQueueObserver | undefined;
  /** Waiting for a free worker since then, in order; each key is here at most once and never while in #processing. */
  readonly #ready = new Map<string, EpochMs>();
  readonly #dirtyWhileProcessing = new Map<string, EpochMs>();
  readonly #processing = new Map<string, { readonly since: EpochMs; readonly done: Promise<void> }>();
  readonly #delayed = new Map<string, { readonly dueAt: EpochMs; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  /** Keys in process for which addRateLimited was called, so that the end of the run neither forgets nor adds again. */
  readonly #rateLimited = new Set<string>();
  #run: RunOptions | undefined;
  #stopped = false;

  constructor(init: WorkQueueInit) {
    this.#clock = init.clock;
    this.#random = init.random;
    this.#observer = init.observer;
  }

  /** Keys that wait for a worker now; delayed ones not counted. */
  get length(): number {
    return this.#ready.size + this.#dirtyWhileProcessing.size;
  }

  /** Keys in process now, with the time (ms) since their turn began. */
  running(): readonly { readonly key: string; readonly forMs: number }[] {
    return [...this.#processing].map(([key, { since }]) => ({ key, forMs: this.#clock.now() - since }));
  }

  add(key: string): void {
    if (this.#stopped) return;
    const waiting = this.#processing.has(key) ? this.#dirtyWhileProcessing : this.#ready;
    if (!waiting.has(key)) {
      waiting.set(key, this.#clock.now());
      this.#observer?.added();
    }
    this.#pump();
  }

  /** Adds the key once, `wantedMs` from now but never at once; of several calls the earliest counts. */
  addAfter(key: string, wantedMs: number): void {
    if (this.#stopped) return;
    const delayMs = wantedMs > 0 ? wantedMs : soonestMs;
    const dueAt = this.#clock.now() + delayMs;
    const pending = this.#delayed.get(key);
    if (pending !== undefined && pending.dueAt <= dueAt) return;
    pending?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueAt, cancel });
  }

  /**
   * Adds the key after 5 ms, doubled at each call since the last `forget`, at most 1,000 s; half of it is jitter. Where the
   * failure was the API server's: at most 30 s, and not before the time it named.
   */
  addRateLimited(key: string, error?: unknown): void {
    if (this.#processing.has(key)) this.#rateLimited.add(key);
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer?.retried();
    this.addAfter(key, retryWaitMs(error, failures, this.#random));
  }

  /** The next rate-limited wait of this key starts at 5 ms again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Starts to process; called once. */
  run(options: RunOptions): void {
    if (this.#run !== undefined) throw new Error('this work queue already runs');
    this.#run = options;
    this.#pump();
  }

  /** Takes no further key; fulfilled when those in process have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#dirtyWhileProcessing.clear();
    await Promise.all([...this.#processing.values()].map(({ done }) => done));
  }

  #pump(): void {
    if (this.#run === undefined || this.#stopped) return;
    for (const [key, addedAt] of this.#ready) {
      if (this.#processing.size >= this.#run.concurrency) return;
      this.#ready.delete(key);
      const turn = Promise.withResolvers<void>();
      const since = this.#clock.now();
      this.#processing.set(key, { since, done: turn.promise });
      this.#observer?.started(since - addedAt);
      void this.#process(key, this.#run, since).then(turn.resolve);
    }
  }

  /** Never rejects. */
  async #process(key: string, run: RunOptions, since: EpochMs): Promise<void> {
    // Not inside the caller's own step, and after what has come in meanwhile: keys that ask for themselves again and again without
    // waiting for anything would else keep the whole process from its sockets and timers.
    await nextTurn();
    let hasFailed = false;
    try {
      await run.process(key);
      if (!this.#rateLimited.has(key)) this.forget(key);
    } catch (error) {
      hasFailed = true;
      this.#report(run, key, error);
      if (this.#isTerminal(run, key, error)) this.forget(key);
      else if (!this.#rateLimited.has(key)) this.addRateLimited(key, error);
    }
    this.#processing.delete(key);
    this.#rateLimited.delete(key);
    this.#observer?.ended(this.#clock.now() - since, hasFailed);
    const addedAt = this.#dirtyWhileProcessing.get(key);
    this.#dirtyWhileProcessing.delete(key);
    if (addedAt !== undefined && !this.#stopped) this.#ready.set(key, addedAt);
    this.#pump();
  }

  #isTerminal(run: RunOptions, key: string, error: unknown): boolean {
    try {
      return run.isTerminal?.(error) === true;
    } catch (judgeError) {
      // Who cannot judge has not given the key up.
      this.#report(run, key, judgeError);
      return false;
    }
  }

  #report(run: RunOptions, key: string, error: unknown): void {
    try {
      run.onError(key, error);
    } catch (reportError) {
      // A broken reporter must not lose the key; the process's own handler is the only one left to hear of it.
      queueMicrotask(() => {
        throw reportError;
      });
    }
  }
}
