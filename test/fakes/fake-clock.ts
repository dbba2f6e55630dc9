// A clock that moves only when a test says so; timers fire in order of their due time.
import type { Clock } from '#core/clock.ts';

export interface FakeClock extends Clock {
  /** Moves the time and fires what is due on the way, synchronously. */
  advance(ms: number): void;
  /** Delays of the timers that are armed, soonest first, in ms from now. */
  pendingDelays(): readonly number[];
}

export function createFakeClock(startAt = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startAt;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly task: () => void }>();
  const sorted = (): [number, { at: number; task: () => void }][] => [...timers].sort((a, b) => a[1].at - b[1].at || a[0] - b[0]);
  return {
    now: () => nowMs,
    after(delayMs, task) {
      const id = (order += 1);
      timers.set(id, { at: nowMs + Math.max(0, delayMs), task });
      return () => void timers.delete(id);
    },
    advance(ms) {
      const until = nowMs + ms;
      for (let next = sorted()[0]; next !== undefined && next[1].at <= until; next = sorted()[0]) {
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].at);
        next[1].task();
      }
      nowMs = until;
    },
    pendingDelays: () => sorted().map(([, timer]) => timer.at - nowMs),
  };
}

/** Lets every promise that is ready run to its end; no real time passes. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
