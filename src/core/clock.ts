// Time as a parameter: everything that reads the time or waits takes a Clock, so tests own it. Pure types.

/** Milliseconds since the Unix epoch. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Runs `task` once after `delayMs`; returns a function that cancels it. Never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): () => void;
}
