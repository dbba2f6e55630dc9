// A clock that moves only when the test says so.
import type { Clock } from '#core/clock.ts';

export interface ManualClock extends Clock {
  /** Runs what falls due in the next `ms`, in order, letting promises settle in between. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(startAt = 1_000_000): ManualClock {
  let nowAt = startAt;
  const due = new Set<{ readonly at: number; readonly task: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return {
    now: () => nowAt,
    after(delayMs, task) {
      const entry = { at: nowAt + delayMs, task };
      due.add(entry);
      return () => void due.delete(entry);
    },
    async advance(ms) {
      const until = nowAt + ms;
      await settle();
      for (;;) {
        const next = [...due].filter((entry) => entry.at <= until).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due.delete(next);
        nowAt = next.at;
        next.task();
        await settle();
      }
      nowAt = until;
    },
  };
}
