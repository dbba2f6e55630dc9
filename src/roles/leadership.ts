// Working only while leading: of several operators one works, the others wait for its Lease to run out. Each time of leading gets
// a fresh set of controllers; one that has lost the Lease stops them and stands in line again.
import { aborted } from '#core/pause.ts';
import { interceptApi } from '#kube/control/intercepted-api.ts';
import type { LeaseElection, Term } from '#kube/control/lease.ts';
import type { KubeApi } from '#kube/port.ts';

/** Where there can be no second one. */
export const alone: LeaseElection = {
  acquire: (signal) =>
    Promise.resolve(
      signal.aborted ? undefined : { lost: new AbortController().signal, isHeld: () => true, release: () => Promise.resolve() },
    ),
};

export interface Turns {
  readonly election: LeaseElection;
  /** The process is to end. */
  readonly signal: AbortSignal;
  readonly onStandby: () => void;
  /** Returns what stops the work; nothing of it runs afterwards. */
  readonly begin: (term: Term) => () => Promise<void>;
}

/** Returns when the signal has come and nothing works any more. */
export async function leadInTurns({ election, signal, onStandby, begin }: Turns): Promise<void> {
  while (!signal.aborted) {
    onStandby();
    const term = await election.acquire(signal);
    if (term === undefined) return;
    const end = begin(term);
    await Promise.race([aborted(signal), aborted(term.lost)]);
    await end();
    await term.release();
  }
}

/** The calls of an election, which only retries and logs: `tell` hears of each one's failure, and of each success as undefined. */
export function overheard(api: KubeApi, tell: (failure: unknown) => void): KubeApi {
  return interceptApi(api, {
    async call(_call, proceed) {
      try {
        const result = await proceed();
        tell(undefined);
        return result;
      } catch (error) {
        tell(error);
        throw error;
      }
    },
    stream: (_call, open) => open(),
  });
}
