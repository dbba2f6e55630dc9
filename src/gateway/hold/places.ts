// How many queries may run on a runtime (`maxRunning`), as far as it is this gateway's to say, and how many are handed to it at a
// time: who waits gets the places that become free, in the order of the line, told at once. Who is between two polls is passed over and
// keeps its position. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { RunningQueries } from '../running-queries.ts';
import type { HeldStatement } from './held-statement.ts';
import type { HoldQueue } from './hold-queue.ts';

/** Why a statement waits though its runtime is awake. */
export interface Shortage {
  readonly running: number;
  readonly places: number;
  /** 1 is next. */
  readonly position: number;
}

export interface Places {
  /** Takes a place for a submission, if there is one and nobody who is here comes first. */
  take(held: HeldStatement): boolean;
  /** The submission is over; a query that came of it counts as running by then. */
  left(runtime: string): void;
  /** A place may have become free. */
  offer(runtime: string): void;
  /** Whether one more statement would have to wait. */
  isFull(runtime: string): boolean;
  shortageOf(held: HeldStatement): Shortage | undefined;
}

export interface PlacesInit {
  readonly queue: Pick<HoldQueue, 'lineOf' | 'callUp' | 'served' | 'waitingFor'>;
  readonly running: Pick<RunningQueries, 'countOf'>;
  /** Queries that may run through this gateway; undefined for any number, and while the runtime takes none for another reason. */
  readonly boundOf: (runtime: string) => number | undefined;
  /** It takes statements now, as far as anybody knows. */
  readonly isServing: (runtime: string) => boolean;
  readonly clock: Clock;
}

/**
 * Submissions to one runtime at a time: thousands who waited for a wake come in the order of their line, not as fast as connections can
 * be made, and a coordinator that has just started is not met by all of them at once.
 */
const maxSubmissions = 32;
/** Positions in a long line are counted out at most this often, in ms: thousands ask for theirs, hundreds a second. */
const countedAgainMs = 2_000;
const longLine = 100;

export function createPlaces({ queue, running, boundOf, isServing, clock }: PlacesInit): Places {
  const submitting = new Map<string, number>();
  /** When the positions in the line of a runtime were counted out last. */
  const countedAt = new Map<string, EpochMs>();

  const submissionsTo = (runtime: string): number => submitting.get(runtime) ?? 0;
  const takenOf = (runtime: string): number => running.countOf(runtime) + submissionsTo(runtime);

  function isNext(held: HeldStatement): boolean {
    for (const one of queue.lineOf(held.runtime)) {
      if (one === held) return true;
      if (one.state === 'HELD' && one.openRequest !== undefined) return false;
    }
    return true;
  }

  function offer(runtime: string): void {
    if (queue.waitingFor(runtime) === 0 || !isServing(runtime)) return;
    const bound = boundOf(runtime);
    let free = maxSubmissions - submissionsTo(runtime);
    if (bound !== undefined) free = Math.min(free, bound - takenOf(runtime));
    if (free <= 0) return;
    for (const held of queue.lineOf(runtime)) {
      if (held.state !== 'HELD' || held.openRequest === undefined) continue;
      queue.callUp(held);
      free -= 1;
      if (free <= 0) return;
    }
  }

  function countOut(runtime: string): void {
    let position = 0;
    for (const held of queue.lineOf(runtime)) if (held.state === 'HELD') held.position = position += 1;
    countedAt.set(runtime, clock.now());
  }

  function positionOf(held: HeldStatement): number {
    const { runtime } = held;
    const isFresh = queue.waitingFor(runtime) > longLine && clock.now() - (countedAt.get(runtime) ?? -Infinity) < countedAgainMs;
    if (!isFresh || held.position === 0) countOut(runtime);
    // Not in the line, which nobody is whose request has come: as the last one.
    return held.position === 0 ? queue.waitingFor(runtime) : held.position;
  }

  return {
    take(held) {
      const { runtime } = held;
      const bound = boundOf(runtime);
      if (submissionsTo(runtime) >= maxSubmissions) return false;
      if (bound !== undefined && (takenOf(runtime) >= bound || !isNext(held))) return false;
      submitting.set(runtime, submissionsTo(runtime) + 1);
      queue.served(held);
      return true;
    },
    left(runtime) {
      const others = submissionsTo(runtime) - 1;
      if (others > 0) submitting.set(runtime, others);
      else submitting.delete(runtime);
      offer(runtime);
    },
    offer,
    isFull(runtime) {
      const bound = boundOf(runtime);
      return bound !== undefined && running.countOf(runtime) + queue.waitingFor(runtime) >= bound;
    },
    shortageOf(held) {
      const bound = held.state === 'HELD' ? boundOf(held.runtime) : undefined;
      if (bound === undefined) return undefined;
      return { running: takenOf(held.runtime), places: bound, position: positionOf(held) };
    },
  };
}
