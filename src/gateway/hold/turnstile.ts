// After a coordinator turned a submission away, one statement tries again while the others wait: a coordinator that is
// starting or overloaded is not asked by thousands at once. Open is the rule and costs nothing.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface Turnstile {
  /** Ms until the next try may be made: 0 means now, Infinity that one is under way and will be told about. */
  waitMs(runtime: string): number;
  isShut(runtime: string): boolean;
  /** Called with each submission that begins, and with how it ended. */
  began(runtime: string): void;
  passed(runtime: string): void;
  /** False when it tells nothing new: then nobody else needs to look again. */
  turnedAway(runtime: string): boolean;
  /** The route changed: what was learnt does not hold any more. */
  forget(runtime: string): void;
}

const firstPauseMs = 100;
/** A freshly started coordinator is not kept waiting longer than this. */
const longestPauseMs = 1_000;

interface Shut {
  nextAt: EpochMs;
  pauseMs: number;
  isTrying: boolean;
}

export function createTurnstile(clock: Clock): Turnstile {
  const shut = new Map<string, Shut>();
  return {
    waitMs(runtime) {
      const one = shut.get(runtime);
      if (one === undefined) return 0;
      return one.isTrying ? Infinity : Math.max(0, one.nextAt - clock.now());
    },
    isShut: (runtime) => shut.has(runtime),
    began(runtime) {
      const one = shut.get(runtime);
      if (one !== undefined) one.isTrying = true;
    },
    passed: (runtime) => void shut.delete(runtime),
    turnedAway(runtime) {
      const one = shut.get(runtime) ?? { nextAt: 0, pauseMs: firstPauseMs / 2, isTrying: true };
      // Those that were on their way when it shut tell nothing new.
      if (shut.has(runtime) && !one.isTrying) return false;
      one.isTrying = false;
      one.pauseMs = Math.min(longestPauseMs, one.pauseMs * 2);
      one.nextAt = clock.now() + one.pauseMs;
      shut.set(runtime, one);
      return true;
    },
    forget: (runtime) => void shut.delete(runtime),
  };
}
