// What every role run as a process of its own has in common: a log on standard error, one line on standard output when it is
// ready (with the port it really has), a clean stop on SIGTERM within a bound.
import type { Clock } from '#core/clock.ts';
import { childLog, createLog, type Log, type LogLevel } from '#observe/log.ts';
import { explainClusterProblem } from './cluster-problem.ts';
import { runUntilStopped, type Stop } from './stops.ts';

/** The message is one line for the user. */
export class HopelessCluster extends Error {
  override readonly name = 'HopelessCluster';
}

export interface RoleProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by the first SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  note(text: string): void;
  /** Standard output without waiting for whoever reads it; calls back when it is taken. */
  outLater(text: string, done: (error?: unknown) => void): void;
}

export interface RoleConfig {
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
  /** ms */
  readonly stopWithin: number;
}

export interface StartedRole {
  readonly log: Log;
  readonly stops: Stop[];
}

export interface RoleIsReady {
  /** What the ready line says after the name. */
  readonly at: string;
  /** Rejects when the role cannot go on: the process ends. */
  readonly failed?: Promise<never>;
}

/** `start` may return early once the signal has come. */
export async function runRole(
  name: string,
  process: RoleProcess,
  config: RoleConfig,
  start: (role: StartedRole) => Promise<RoleIsReady>,
): Promise<void> {
  const log = childLog(
    createLog({ level: config.logLevel, format: config.logFormat === 'json' ? 'json' : 'pretty', write: (line) => process.note(line) }),
    { component: name },
  );
  const stops: Stop[] = [];
  await runUntilStopped({
    signal: process.signal,
    stops,
    async start() {
      const { at, failed } = await start({ log, stops }).catch((error: unknown) => {
        // In the words of the cluster, and with the role to apply; everything else as it is.
        const problem = explainClusterProblem(error, name);
        throw problem === undefined ? error : new HopelessCluster(problem.text, { cause: error });
      });
      if (!process.signal.aborted) process.out(`${name} ready: ${at}\n`);
      return failed === undefined ? undefined : { failed };
    },
    onStopping: () => log.info('stopping'),
    onStopFailure: (error) => log.warn('could not stop cleanly', { error }),
    bound: { clock: process.clock, withinMs: config.stopWithin },
  });
}
