// Where the two who share nothing meet: the client that polls for its token, and the browser that brings what the token is exchanged
// for. In the memory of this gateway, bounded in number and time. Knows nothing of addresses and issuers.
import type { Clock } from '#core/clock.ts';

export type Outcome = { readonly token: string } | { readonly error: string };

export interface Rendezvous {
  /** What became of the login; undefined when nothing did within `holdMs`, or its client has gone. Rejects never. */
  wait(id: string, holdMs: number, gone: AbortSignal): Promise<Outcome | undefined>;
  /** Whether its client waits here at this moment, or its end is known here or soon will be. */
  isHere(id: string): boolean;
  /** An exchange begins: who waits for the login, waits for its end, which `settle` has to tell. 'known': it has begun before. */
  begin(id: string): 'begun' | 'known' | 'full';
  /** Told to who waits, and kept for a moment for who asks later. */
  settle(id: string, outcome: Outcome): void;
  forget(id: string): void;
  /** Who waits goes on elsewhere. */
  stop(): void;
}

/** Waiting clients; each is a connection and a timer. */
export const maxWaiting = 2_000;
/** Exchanges under way and outcomes kept, of up to 16 KiB each. */
export const maxKept = 1_000;
/** So long an answer that was lost on its way, or whose client comes late, is to be had again. */
export const keepMs = 60_000;

interface Meeting {
  readonly waiters: Set<(outcome: Outcome | undefined) => void>;
  isUnderWay: boolean;
  outcome?: Outcome;
  endKeeping?: () => void;
}

const tooMany: Outcome = { error: 'too many logins wait at this gateway just now. Begin it again in a minute' };

export function createRendezvous(clock: Clock): Rendezvous {
  const meetings = new Map<string, Meeting>();
  let waiting = 0;
  /** Exchanges under way and outcomes kept. */
  let kept = 0;
  let isStopped = false;

  function meetingOf(id: string): Meeting {
    const known = meetings.get(id);
    if (known !== undefined) return known;
    const meeting: Meeting = { waiters: new Set(), isUnderWay: false };
    meetings.set(id, meeting);
    return meeting;
  }

  function tidy(id: string, { waiters, isUnderWay, outcome }: Meeting): void {
    if (waiters.size === 0 && !isUnderWay && outcome === undefined) meetings.delete(id);
  }

  function dropOutcome(id: string): void {
    const meeting = meetings.get(id);
    if (meeting?.outcome === undefined) return;
    meeting.endKeeping?.();
    delete meeting.outcome;
    kept -= 1;
    tidy(id, meeting);
  }

  /** Of a failure nobody needs to hear twice, and everybody can cause one. */
  function makeRoom(): boolean {
    if (kept < maxKept) return true;
    const [oldest] = [...meetings].find(([, { outcome }]) => outcome !== undefined && 'error' in outcome) ?? [];
    if (oldest !== undefined) dropOutcome(oldest);
    return oldest !== undefined;
  }

  return {
    isHere: (id) => meetings.has(id),
    wait(id, holdMs, gone) {
      const known = meetings.get(id);
      if (known?.outcome !== undefined) return Promise.resolve(known.outcome);
      if (gone.aborted || (isStopped && known?.isUnderWay !== true)) return Promise.resolve(undefined);
      if (waiting >= maxWaiting) return Promise.resolve(tooMany);
      const meeting = meetingOf(id);
      waiting += 1;
      return new Promise((resolve) => {
        const finish = (outcome: Outcome | undefined): void => {
          waiting -= 1;
          cancel();
          gone.removeEventListener('abort', leave);
          meeting.waiters.delete(finish);
          tidy(id, meeting);
          resolve(outcome);
        };
        const leave = (): void => finish(undefined);
        const cancel = clock.after(holdMs, () => {
          if (!meeting.isUnderWay) finish(undefined);
        });
        gone.addEventListener('abort', leave, { once: true });
        meeting.waiters.add(finish);
      });
    },
    begin(id) {
      const known = meetings.get(id);
      if (known?.isUnderWay === true || known?.outcome !== undefined) return 'known';
      if (!makeRoom()) return 'full';
      kept += 1;
      meetingOf(id).isUnderWay = true;
      return 'begun';
    },
    settle(id, outcome) {
      const meeting = meetingOf(id);
      meeting.isUnderWay = false;
      meeting.outcome = outcome;
      meeting.endKeeping = clock.after(keepMs, () => dropOutcome(id));
      for (const finish of meeting.waiters) finish(outcome);
    },
    forget: dropOutcome,
    stop() {
      isStopped = true;
      for (const { waiters, isUnderWay } of meetings.values()) if (!isUnderWay) for (const finish of waiters) finish(undefined);
    },
  };
}
