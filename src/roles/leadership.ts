// Working only while leading: of several operators one works, the others wait for its Lease to run out. Each term of office gets
// a fresh set of controllers; one that has lost the Lease stops them and stands in line again.
import { aborted } from '#core/pause.ts';

export interface Term {
  /** Aborted when the Lease was lost, or could not be renewed in time. */
  readonly lost: AbortSignal;
  /** Lets the next one begin at once; to be called when nothing works any more. */
  release(): Promise<void>;
}

export interface Election {
  /** Waits until this process leads; undefined when `signal` came first. */
  acquire(signal: AbortSignal): Promise<Term | undefined>;
}

/** Where there can be no second one. */
export const alone: Election = {
  acquire: (signal) =>
    Promise.resolve(signal.aborted ? undefined : { lost: new AbortController().signal, release: () => Promise.resolve() }),
};

export interface Turns {
  readonly election: Election;
  /** The process is to end. */
  readonly signal: AbortSignal;
  readonly onStandby: () => void;
  /** Returns what stops the work; nothing of it runs afterwards. */
  readonly begin: (lost: AbortSignal) => () => Promise<void>;
}

/** Returns when the signal has come and nothing works any more. */
export async function leadInTurns({ election, signal, onStandby, begin }: Turns): Promise<void> {
  while (!signal.aborted) {
    onStandby();
    const term = await election.acquire(signal);
    if (term === undefined) return;
    const end = begin(term.lost);
    await Promise.race([aborted(signal), aborted(term.lost)]);
    await end();
    await term.release();
  }
}
