// Statements whose address is genuine but which this replica does not hold and cannot open: they stay with the replica that
// took them. Where a balancer spreads single requests, a poll that comes here is to be asked again, since the next may reach
// that one; when it never does, the client is told. Bounded bookkeeping.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';

export interface Elsewhere {
  /** A poll of it came here: undefined to let the client ask again, else why it ends. */
  missed(heldId: string, token: number): TrinoFailure | undefined;
}

/** A page that stays the same for so long is not answered by any replica. */
const giveUpAfterMs = 30_000;
const maxMissed = 10_000;
/** Between two polls of a client that still waits: longer than the Go client's pause. */
const forgetAfterMs = 60_000;

export const keptElsewhere: TrinoFailure = {
  name: 'REMOTE_HOST_GONE',
  message:
    'the gateway that held this statement is gone or was restarted. Large statements, and those with extra credentials, wait at one gateway only. The statement has not run: run it again',
};

interface Missed {
  readonly token: number;
  readonly since: EpochMs;
  lastAt: EpochMs;
}

export function createElsewhere(clock: Clock): Elsewhere {
  const missed = new Map<string, Missed>();
  return {
    missed(heldId, token) {
      const now = clock.now();
      const before = missed.get(heldId);
      // Another page than before: its replica is there and has answered in between.
      if (before?.token !== token || now - before.lastAt > forgetAfterMs) {
        missed.delete(heldId);
        missed.set(heldId, { token, since: now, lastAt: now });
        const oldest = missed.size > maxMissed ? missed.keys().next().value : undefined;
        if (oldest !== undefined) missed.delete(oldest);
        return undefined;
      }
      before.lastAt = now;
      return now - before.since >= giveUpAfterMs ? keptElsewhere : undefined;
    },
  };
}
