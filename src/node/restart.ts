// Whether and when a container that ended starts again. Pure. Source: Kubernetes, Pod lifecycle: "exponential back-off delay
// (10s, 20s, 40s, ...), capped at 300 seconds; reset after 10 minutes of running"; the first restart is at once.
import { exponentialMs } from '#core/backoff.ts';

const LIMITS = { baseMs: 10_000, maxMs: 300_000 };
const RESET_AFTER_MS = 600_000;

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface EndedRun {
  readonly policy: RestartPolicy;
  readonly exitCode: number;
  readonly ranMs: number;
  /** Restarts in a row before this end, none of which lasted. */
  readonly quickRestarts: number;
}

export type RestartPlan =
  | { readonly next: 'stay'; readonly phase: 'Succeeded' | 'Failed' }
  | { readonly next: 'restart'; readonly delayMs: number; readonly quickRestarts: number };

export function planRestart(run: EndedRun): RestartPlan {
  const hasFailed = run.exitCode !== 0;
  if (run.policy === 'Never' || (run.policy === 'OnFailure' && !hasFailed)) {
    return { next: 'stay', phase: hasFailed ? 'Failed' : 'Succeeded' };
  }
  const quick = run.ranMs >= RESET_AFTER_MS ? 0 : run.quickRestarts;
  return { next: 'restart', delayMs: quick === 0 ? 0 : exponentialMs(LIMITS, quick - 1), quickRestarts: quick + 1 };
}
