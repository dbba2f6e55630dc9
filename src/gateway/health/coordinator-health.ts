// Which coordinators answer at all. A request that is refused, broken off or left without an answer is evidence, never more: one
// question of our own decides. Who does not answer it is ejected, asked again after growing pauses, and back with its first answer to
// anybody. A client that goes is no evidence. Without evidence nothing is asked and nothing remembered (decision 0027). Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import type { CoordinatorClient } from '../upstream/coordinator-client.ts';
import { UpstreamError } from '../upstream/coordinator-request.ts';

export interface Ejection {
  readonly since: EpochMs;
  /** Of our own question. */
  readonly why: string;
}

export interface CoordinatorHealth {
  /** Somebody's request got an answer. */
  answered(url: string, status: number): void;
  /** Somebody's request got none, or none so far. */
  suspect(url: string): void;
  ejectionOf(url: string | undefined): Ejection | undefined;
  /** Called back when it is ejected, until the returned function is called. */
  onEjected(url: string, listener: () => void): () => void;
  /** What was learnt of it does not hold any more. */
  forget(url: string): void;
  stop(): void;
}

export interface CoordinatorHealthInit {
  readonly client: () => Pick<CoordinatorClient, 'exchange'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (url: string, isEjected: boolean) => void;
}

/** The answer is a few bytes from memory. */
const answerWithinMs = 2_000;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Of whatever stands in front of a coordinator that is not there. */
const notTheirs = new Set([502, 503, 504]);

interface Suspect {
  readonly leaving: AbortController;
  pauseMs: number;
  ejection: Ejection | undefined;
  cancelTimer: (() => void) | undefined;
}

export function createCoordinatorHealth({ client, clock, log, onChange }: CoordinatorHealthInit): CoordinatorHealth {
  const suspects = new Map<string, Suspect>();
  const listeners = new Map<string, Set<() => void>>();

  function drop(url: string): Suspect | undefined {
    const suspect = suspects.get(url);
    if (suspect === undefined) return undefined;
    suspects.delete(url);
    suspect.cancelTimer?.();
    suspect.leaving.abort();
    return suspect;
  }

  function recover(url: string): void {
    const { ejection } = drop(url) ?? {};
    if (ejection === undefined) return;
    log.info('a coordinator answers again', { coordinatorUrl: url, awayMs: clock.now() - ejection.since });
    onChange(url, false);
  }

  function eject(url: string, suspect: Suspect, why: string): void {
    suspect.ejection = { since: clock.now(), why };
    log.warn('a coordinator does not answer; new statements avoid it where they can', { coordinatorUrl: url, why });
    for (const listener of [...(listeners.get(url) ?? [])]) listener();
    onChange(url, true);
  }

  /** Undefined when it answers. */
  async function problemOf(url: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const call = { baseUrl: url, method: 'GET', path: '/v1/info', lines: '', signal, headTimeoutMs: answerWithinMs };
      const { status } = await client().exchange(call);
      return notTheirs.has(status) ? `HTTP ${status}` : undefined;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return error.message;
    }
  }

  async function ask(url: string, suspect: Suspect): Promise<void> {
    const problem = await problemOf(url, suspect.leaving.signal);
    if (suspects.get(url) !== suspect) return;
    if (problem === undefined) return recover(url);
    if (suspect.ejection === undefined) eject(url, suspect, problem);
    suspect.cancelTimer = clock.after(suspect.pauseMs, () => void ask(url, suspect));
    suspect.pauseMs = Math.min(suspect.pauseMs * 2, longestPauseMs);
  }

  function suspectIt(url: string): void {
    if (suspects.has(url)) return;
    const suspect: Suspect = { leaving: new AbortController(), pauseMs: firstPauseMs, ejection: undefined, cancelTimer: undefined };
    suspects.set(url, suspect);
    void ask(url, suspect);
  }

  return {
    answered(url, status) {
      if (notTheirs.has(status)) suspectIt(url);
      else if (suspects.size > 0) recover(url);
    },
    suspect: suspectIt,
    ejectionOf: (url) => (url === undefined || suspects.size === 0 ? undefined : suspects.get(url)?.ejection),
    onEjected(url, listener) {
      let of = listeners.get(url);
      if (of === undefined) listeners.set(url, (of = new Set()));
      of.add(listener);
      return () => {
        of.delete(listener);
        if (of.size === 0 && listeners.get(url) === of) listeners.delete(url);
      };
    },
    forget: (url) => void drop(url),
    stop() {
      for (const url of [...suspects.keys()]) drop(url);
    },
  };
}
