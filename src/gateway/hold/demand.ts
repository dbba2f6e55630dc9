// Tells the API server that somebody waits for a runtime, and when nobody does any more (design D8). One caller per runtime
// however many wait. Shell.
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';

export interface DemandPort {
  /** `arrivedAt`: epoch ms of the newest waiting statement. Rejects when the API server cannot be reached or refuses. */
  ask(runtime: string, demand: { readonly arrivedAt: number; readonly waiting: number; readonly user: string }): Promise<void>;
  end(runtime: string): Promise<void>;
}

export interface WaitingCount {
  readonly waiting: number;
  readonly newestArrivedAt: number;
  readonly user: string;
}

export interface DemandKeeper {
  /** Call whenever the waiters of a runtime may have changed. */
  update(runtime: string, count: WaitingCount): void;
  stop(): Promise<void>;
}

/** Below the Lease's duration (15 s) by enough for two failures. */
const renewMs = 4_000;
const retryMs = 500;

interface Asking {
  count: WaitingCount;
  isAsked: boolean;
  cancelTimer?: () => void;
  busy: Promise<void>;
}

export function createDemandKeeper(port: DemandPort, clock: Clock, log: Log): DemandKeeper {
  const asking = new Map<string, Asking>();

  function plan(runtime: string, entry: Asking, delayMs: number): void {
    entry.cancelTimer?.();
    entry.cancelTimer = clock.after(delayMs, () => ask(runtime, entry));
  }

  function ask(runtime: string, entry: Asking): void {
    entry.busy = entry.busy
      .then(async () => {
        if (asking.get(runtime) !== entry) return;
        const { waiting, newestArrivedAt, user } = entry.count;
        try {
          await port.ask(runtime, { arrivedAt: newestArrivedAt, waiting, user });
          entry.isAsked = true;
          plan(runtime, entry, renewMs);
        } catch (error) {
          log.warn('the API server did not take the wish to wake a runtime; trying again', { runtime, error });
          plan(runtime, entry, retryMs);
        }
      })
      .catch((error: unknown) => log.error('demand', { runtime, error }));
  }

  async function end(runtime: string, entry: Asking): Promise<void> {
    entry.cancelTimer?.();
    await entry.busy;
    if (!entry.isAsked || asking.has(runtime)) return;
    try {
      await port.end(runtime);
    } catch (error) {
      // It ends by itself: the Lease is no longer renewed.
      log.info('the end of a demand was not taken; it runs out by itself', { runtime, error });
    }
  }

  return {
    update(runtime, count) {
      const entry = asking.get(runtime);
      if (count.waiting === 0) {
        if (entry === undefined) return;
        asking.delete(runtime);
        void end(runtime, entry);
        return;
      }
      if (entry !== undefined) {
        entry.count = count;
        return;
      }
      const fresh: Asking = { count, isAsked: false, busy: Promise.resolve() };
      asking.set(runtime, fresh);
      ask(runtime, fresh);
    },
    async stop() {
      const ending = [...asking];
      asking.clear();
      await Promise.all(ending.map(([runtime, entry]) => end(runtime, entry)));
    },
  };
}
