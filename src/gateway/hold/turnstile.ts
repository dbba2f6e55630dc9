// After a coordinator turned a submission away, one statement tries again while the others wait: a coordinator that is
// starting or overloaded is not asked by thousands at once, and thousands are not woken to learn that they wait on. Open is the rule and costs
// nothing.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface Turnstile {
  /** Ms until the next try may be made: 0 means now, Infinity that one is under way. Who has to wait is told by `onTurn`. */
  waitMs(runtime: string): number;
  isShut(runtime: string): boolean;
  /** Called with each submission that begins, and with how it ended. */
  began(runtime: string): void;
  passed(runtime: string): void;
  /** True when it was open until now. */
  turnedAway(runtime: string): boolean;
  /** The route changed: what was learnt does not hold any more. */
  forget(runtime: string): void;
}

export interface TurnstileInit {
  readonly clock: Clock;
  /** The next try may be made: tells one who waits. False when nobody is there. */
  readonly onTurn: (runtime: string) => boolean;
}

const firstPauseMs = 100;
/** A freshly started coordinator is not kept waiting longer than this. */
const longestPauseMs = 1_000;

interface Shut {
  nextAt: EpochMs;
  pauseMs: number;
  isTrying: boolean;
  cancelTurn: () => void;
}

export function createTurnstile({ clock, onTurn }: TurnstileInit): Turnstile {
  const shut = new Map<string, Shut>();

  function planTurn(runtime: string, one: Shut, ms: number): void {
    one.cancelTurn = clock.after(ms, () => {
      // Again, since who was told may have gone just now. Nobody there: the next who comes need not be told.
      if (onTurn(runtime)) planTurn(runtime, one, longestPauseMs);
    });
  }

  function open(runtime: string): void {
    shut.get(runtime)?.cancelTurn();
    shut.delete(runtime);
  }

  return {
    waitMs(runtime) {
      const one = shut.get(runtime);
      if (one === undefined) return 0;
      return one.isTrying ? Infinity : Math.max(0, one.nextAt - clock.now());
    },
    isShut: (runtime) => shut.has(runtime),
    began(runtime) {
      const one = shut.get(runtime);
      if (one === undefined) return;
      one.isTrying = true;
      one.cancelTurn();
    },
    passed: open,
    turnedAway(runtime) {
      const wasOpen = !shut.has(runtime);
      const one = shut.get(runtime) ?? { nextAt: 0, pauseMs: firstPauseMs / 2, isTrying: true, cancelTurn: () => undefined };
      // Those that were on their way when it shut tell nothing new.
      if (!one.isTrying) return false;
      one.isTrying = false;
      one.pauseMs = Math.min(longestPauseMs, one.pauseMs * 2);
      one.nextAt = clock.now() + one.pauseMs;
      shut.set(runtime, one);
      planTurn(runtime, one, one.pauseMs);
      return wasOpen;
    },
    forget: open,
  };
}
