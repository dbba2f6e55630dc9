// What a command may touch of the outside world, as parameters, so that a test runs commands without a process.
import type { Clock } from '#core/clock.ts';

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The answer. */
  out(text: string): void;
  /** Everything else: progress, warnings, errors. */
  note(text: string): void;
  /** Standard output without waiting for whoever reads it; calls back when it is taken. */
  outLater(text: string, done: (error?: unknown) => void): void;
  /** Progress may be redrawn in place: standard error is a terminal. */
  readonly isInteractive: boolean;
  readStdin(): Promise<string>;
}

/** A failure that the user can understand without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}
