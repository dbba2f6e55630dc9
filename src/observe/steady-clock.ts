// A clock for how long things take: it goes on evenly when somebody sets the time of the machine. Shell. What others have dated
// (tokens, addresses that another gateway reads) has to be compared with `wall`.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface SteadyClock extends Clock {
  /** The time of the machine as it is by now. */
  wall(): EpochMs;
}

/** Begins at the time of `clock`. `elapsedMs`: of a counter that nobody can set; it stands still while the machine sleeps. */
export function createSteadyClock(clock: Clock, elapsedMs: () => number = () => performance.now()): SteadyClock {
  const begunAt = clock.now() - elapsedMs();
  return Object.freeze({ now: () => Math.round(begunAt + elapsedMs()), wall: clock.now, after: clock.after });
}
