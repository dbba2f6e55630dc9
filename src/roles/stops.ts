// Running something until it is asked to stop: what was started is stopped again, the newest first, also when the start fails
// half-way, and within a bound where one is given.
import type { Clock } from '#core/clock.ts';
import { aborted } from '#core/pause.ts';

export type Stop = () => Promise<void> | void;

export interface StoppableRun {
  readonly signal: AbortSignal;
  /** Grows while `start` runs. */
  readonly stops: Stop[];
  /** What it returns may fail later, and ends the run then. */
  readonly start: () => Promise<void | { readonly failed: Promise<never> }>;
  readonly onStopping: () => void;
  /** Told of a stop that failed; the others are stopped all the same. */
  readonly onStopFailure: (error: unknown) => void;
  readonly bound?: { readonly clock: Clock; readonly withinMs: number };
}

/** Returns after the signal, when all is stopped. Throws what `start` threw, unless the signal came first. */
export async function runUntilStopped(run: StoppableRun): Promise<void> {
  try {
    const started = await run.start();
    await Promise.race([aborted(run.signal), ...(started === undefined ? [] : [started.failed])]);
    run.onStopping();
  } catch (error) {
    if (!run.signal.aborted) throw error;
  } finally {
    await stopAll(run);
  }
}

async function stopAll({ stops, onStopFailure, bound }: StoppableRun): Promise<void> {
  const all = (async () => {
    for (const stop of stops.toReversed()) {
      try {
        await stop();
      } catch (error) {
        onStopFailure(error);
      }
    }
  })();
  if (bound === undefined) return all;
  const late = Promise.withResolvers<void>();
  const cancel = bound.clock.after(bound.withinMs, () => {
    onStopFailure(new Error(`not everything has stopped within ${bound.withinMs} ms; what is left ends with the process`));
    late.resolve();
  });
  await Promise.race([all, late.promise]);
  cancel();
}
