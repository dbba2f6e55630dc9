// Makes the ahead-of-time cache of Trino's classes in the background, once per machine, and gives way: a runtime that is
// awake or waking stops the training, which starts over when all sleep again (decision 0009).
import type { Clock } from '#core/clock.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import { ensureAotCache } from '#node/trino/aot-cache.ts';
import type { TrinoInstallation } from '#node/trino/installation.ts';
import type { Log } from '#observe/log.ts';

export interface AotTrainingInit {
  readonly installation: TrinoInstallation;
  readonly runtimes: ReadStore<XTrinode>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything asleep for this long before training starts, so that whoever types the first query at once is not in its way. */
const quietMs = 20_000;

function isAnyAwake(runtimes: ReadStore<XTrinode>): boolean {
  return runtimes.list().some(({ status }) => status?.lifecycle?.desired === 'Awake');
}

/** Returns what ends it; resolves when no process of it is left. */
export function startAotTraining({ installation, runtimes, clock, log }: AotTrainingInit): () => Promise<void> {
  let isOver = false;
  let cancelTimer: (() => void) | undefined;
  let training: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  async function train(signal: AbortSignal): Promise<void> {
    try {
      const result = await ensureAotCache({ installation, clock, log, signal });
      isOver = true;
      log.info('ahead-of-time cache', { result });
    } catch (error) {
      // Gave way to a runtime: once more when all sleep.
      if (signal.aborted) return;
      isOver = true;
      log.warn('no ahead-of-time cache: starts stay as they are', { error });
    }
  }

  function begin(): void {
    cancelTimer = undefined;
    const abort = new AbortController();
    const current = {
      abort,
      done: train(abort.signal).finally(() => {
        if (training === current) training = undefined;
        follow();
      }),
    };
    training = current;
  }

  function follow(): void {
    const mayTrain = !isOver && !isAnyAwake(runtimes);
    if (!mayTrain) {
      cancelTimer?.();
      cancelTimer = undefined;
      training?.abort.abort();
    } else if (training === undefined) {
      cancelTimer ??= clock.after(quietMs, begin);
    }
  }

  const endFollowing = runtimes.subscribe(follow);
  follow();
  return async () => {
    isOver = true;
    endFollowing();
    cancelTimer?.();
    training?.abort.abort();
    await training?.done;
  };
}
