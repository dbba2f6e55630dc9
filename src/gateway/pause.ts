// Waiting that ends early when nobody waits for it any more.
import type { Clock } from '#core/clock.ts';

/** Fulfilled after `ms` or when the signal is aborted, whichever is first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
