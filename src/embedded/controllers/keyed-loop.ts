// A queue of keys to look at again: each key waits at most once, one runs at a time, a failure comes back after a growing
// delay. Level-triggered: a key says where to look, not what happened.
import type { Clock } from '#core/clock.ts';
import { isKubeError } from '#kube/errors.ts';
import type { LogFunction } from '../server-parts.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;

export interface KeyedLoop {
  /** Looks at the key soon, or after a delay in ms. */
  look(key: string, afterMs?: number): void;
  stop(): void;
}

export function createKeyedLoop(options: {
  readonly name: string;
  readonly clock: Clock;
  readonly log: LogFunction;
  readonly work: (key: string) => Promise<void> | void;
}): KeyedLoop {
  const waiting = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, () => void>();
  let isRunning = false;
  let isStopped = false;

  async function run(): Promise<void> {
    for (const key of waiting) {
      if (isStopped) {
        return;
      }
      waiting.delete(key);
      try {
        await options.work(key);
        failures.delete(key);
      } catch (error) {
        retry(key, error);
      }
    }
    isRunning = false;
  }

  function retry(key: string, error: unknown): void {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    if (!isKubeError(error, 'Conflict', 'NotFound')) {
      options.log('warn', `${options.name}: will try again`, {
        key,
        attempt: count,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    look(key, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1)));
  }

  function look(key: string, afterMs = 0): void {
    if (isStopped) {
      return;
    }
    if (afterMs > 0) {
      timers.get(key)?.();
      timers.set(
        key,
        options.clock.after(afterMs, () => {
          timers.delete(key);
          look(key);
        }),
      );
      return;
    }
    waiting.add(key);
    if (!isRunning) {
      isRunning = true;
      // Not at once: the writer that caused this is still in its own call.
      setImmediate(() => void run());
    }
  }

  return {
    look,
    stop() {
      isStopped = true;
      waiting.clear();
      timers.forEach((cancel) => cancel());
    },
  };
}
