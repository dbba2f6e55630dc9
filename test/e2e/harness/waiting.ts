// Waiting for something in another process: looked at again and again until it holds or the time is over.
import { setTimeout as delay } from 'node:timers/promises';

/** Returns the first value that is neither undefined nor false. Rejects after `withinMs`, naming `what` and the last look. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  everyMs = 200,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() >= until) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await delay(everyMs);
  }
}
