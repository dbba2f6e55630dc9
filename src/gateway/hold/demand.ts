// Tells the API server that somebody waits for a runtime, and when nobody does any more (design D8). One caller per runtime
// however many wait; calls for one runtime never overlap, so that an end cannot overtake a wish. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';

export interface DemandPort {
  /** `arrivedAt`: epoch ms of the newest waiting statement. Rejects when the API server cannot be reached or refuses. */
  ask(runtime: string, demand: { readonly arrivedAt: number; readonly waiting: number; readonly user: string }): Promise<void>;
  end(runtime: string): Promise<void>;
}

export interface WaitingCount {
  readonly waiting: number;
  readonly newestArrivedAt: EpochMs;
  readonly user: string;
}

export interface DemandKeeper {
  /** Somebody waits. `count` is asked whenever the API server is; `arrivedAt` is set when a statement has just come. */
  want(runtime: string, count: () => WaitingCount, arrivedAt?: EpochMs): void;
  /** Nobody waits any more. */
  release(runtime: string): void;
  /** Asks no more. Ends every demand, unless somebody else may go on with those who wait: then it runs out by itself. */
  stop(mayGoOn: boolean): Promise<void>;
}

/** Below the Lease's duration (15 s) by enough for two failures. */
const renewMs = 4_000;
const retryMs = 500;
/** A newer statement is told at once (the runtime may have been put to sleep meanwhile), but at most this often. */
const newerMs = 1_000;

interface Asking {
  readonly count: () => WaitingCount;
  toldArrivedAt: EpochMs;
  askedAt: EpochMs;
  isTold: boolean;
  cancelTimer?: () => void;
}

/** How many wishes the API server has taken, and how many it has not. */
export interface WishCounts {
  taken: number;
  failed: number;
}

export function createDemandKeeper(port: DemandPort, clock: Clock, log: Log, counts: WishCounts = { taken: 0, failed: 0 }): DemandKeeper {
  const asking = new Map<string, Asking>();
  const turns = new Map<string, Promise<void>>();

  /** Calls for one runtime go one after the other. */
  function inTurn(runtime: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(runtime) ?? Promise.resolve()).then(work);
    turns.set(runtime, turn);
    return turn.finally(() => {
      if (turns.get(runtime) === turn) turns.delete(runtime);
    });
  }

  function plan(runtime: string, entry: Asking, delayMs: number): void {
    entry.cancelTimer?.();
    entry.cancelTimer = clock.after(delayMs, () => void tell(runtime, entry));
  }

  function tell(runtime: string, entry: Asking): Promise<void> {
    entry.askedAt = clock.now();
    return inTurn(runtime, async () => {
      if (asking.get(runtime) !== entry) return;
      const { waiting, newestArrivedAt, user } = entry.count();
      try {
        entry.toldArrivedAt = newestArrivedAt;
        await port.ask(runtime, { arrivedAt: newestArrivedAt, waiting, user });
        entry.isTold = true;
        counts.taken += 1;
        if (asking.get(runtime) === entry) plan(runtime, entry, renewMs);
      } catch (error) {
        counts.failed += 1;
        log.warn('the API server did not take the wish to wake a runtime; trying again', { runtime, error });
        if (asking.get(runtime) === entry) plan(runtime, entry, retryMs);
      }
    });
  }

  function end(runtime: string, entry: Asking): Promise<void> {
    entry.cancelTimer?.();
    return inTurn(runtime, async () => {
      if (!entry.isTold || asking.has(runtime)) return;
      try {
        await port.end(runtime);
      } catch (error) {
        // It ends by itself: the Lease is no longer renewed.
        log.info('the end of a demand was not taken; it runs out by itself', { runtime, error });
      }
    });
  }

  return {
    want(runtime, count, arrivedAt = 0) {
      const entry = asking.get(runtime);
      if (entry === undefined) {
        const fresh: Asking = { count, toldArrivedAt: 0, askedAt: 0, isTold: false };
        asking.set(runtime, fresh);
        void tell(runtime, fresh);
      } else if (entry.isTold && arrivedAt > entry.toldArrivedAt) {
        // Once per newest statement: what is told then covers all that came until then.
        entry.toldArrivedAt = arrivedAt;
        plan(runtime, entry, Math.max(0, entry.askedAt + newerMs - clock.now()));
      }
    },
    release(runtime) {
      const entry = asking.get(runtime);
      if (entry === undefined) return;
      asking.delete(runtime);
      void end(runtime, entry);
    },
    async stop(mayGoOn) {
      const ending = [...asking];
      asking.clear();
      for (const [, entry] of ending) entry.cancelTimer?.();
      if (!mayGoOn) await Promise.all(ending.map(([runtime, entry]) => end(runtime, entry)));
      await Promise.all(turns.values());
    },
  };
}
