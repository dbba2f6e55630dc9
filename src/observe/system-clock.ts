// The real clock, for composition roots: everything else takes a Clock.
import type { Clock } from '#core/clock.ts';

/** Longest delay of a Node timer, in ms (a 32-bit integer); a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  after(delayMs: number, task: () => void): () => void {
    // Nearly all; thousands who wait need one each.
    if (delayMs <= maxTimerMs) {
      const only = setTimeout(task, Math.max(0, delayMs)).unref();
      return () => clearTimeout(only);
    }
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, maxTimerMs);
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : task()), stepMs);
      timer.unref();
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
});
