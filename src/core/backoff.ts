// How long to wait before trying again: exponential growth and full jitter, as plain arithmetic. Pure.

export interface BackoffLimits {
  /** Upper bound of the first wait, in ms. */
  readonly baseMs: number;
  /** No wait is longer than this, in ms. */
  readonly maxMs: number;
}

/** baseMs doubled once per earlier attempt, capped at maxMs. `attempt` counts from 0. Throws nothing. */
export function exponentialMs(limits: BackoffLimits, attempt: number): number {
  // 2 ** 1024 is Infinity, which min() turns into the cap: no guard needed for a long outage.
  return Math.min(limits.maxMs, limits.baseMs * 2 ** Math.max(0, attempt));
}

/**
 * A wait drawn evenly up to exponentialMs: many clients that lost the same server do not come back together. Never nothing: a
 * loop that retries without a pause lets nobody else run. `random` is uniform in [0, 1).
 */
export function fullJitterMs(limits: BackoffLimits, attempt: number, random: () => number): number {
  return Math.max(1, Math.floor(random() * exponentialMs(limits, attempt)));
}

/** Half fixed, half drawn: for retries of one thing that must not follow each other at once. */
export function halfJitterMs(limits: BackoffLimits, attempt: number, random: () => number): number {
  const whole = exponentialMs(limits, attempt);
  return Math.ceil(whole / 2 + (random() * whole) / 2);
}
