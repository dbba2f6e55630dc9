// Proves, once per start of a coordinator process, that a query runs on it (design D16). The one poll on the path of a
// wake: at most every 50 ms while a coordinator starts, silent otherwise. Shell.
import type { Clock } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import type { CoordinatorProof } from '../snapshot.ts';
import { proofStatement, provenAgainAfterMs } from '#trino/protocol/proof.ts';
import { coordinatorIdOf } from '#trino/protocol/query-id.ts';
import type { Coordinators } from './trino-client.ts';

export interface ProofTarget {
  readonly instance: string;
  readonly url: string;
  readonly trinoVersion: number;
}

export interface Prober {
  /** Starts, keeps or (undefined) ends the proof for a runtime's coordinator. */
  watch(key: string, target: ProofTarget | undefined): void;
  proofOf(key: string): CoordinatorProof | undefined;
  stop(): void;
}

export interface ProberInit {
  readonly clock: Clock;
  readonly log: Log;
  readonly coordinators: Coordinators;
  /** Called when a proof has arrived. */
  readonly onProof: (key: string) => void;
}

/** While nothing listens; and once it does, which is the last seconds of a start (decision 0004). */
const pollMs = 100;
const listeningPollMs = 50;
/** A statement that is still not through after this is given up and tried again. */
const statementTimeoutMs = 60_000;

export function createProber({ clock, log, coordinators, onProof }: ProberInit): Prober {
  const proofs = new Map<string, CoordinatorProof>();
  const running = new Map<string, { readonly target: ProofTarget; readonly abort: AbortController }>();

  /** The id of the query that proved it. Rejects when it is not ready. */
  async function attempt({ url, trinoVersion }: ProofTarget, signal: AbortSignal): Promise<string> {
    const run = (): Promise<string> => coordinators.runStatement(url, proofStatement, statementTimeoutMs, signal);
    const againAfterMs = provenAgainAfterMs(trinoVersion);
    if (againAfterMs > 0) {
      await run();
      await pause(clock, againAfterMs, signal);
      signal.throwIfAborted();
    }
    return run();
  }

  async function prove(key: string, target: ProofTarget, signal: AbortSignal): Promise<void> {
    let lastProblem = '';
    while (!signal.aborted) {
      try {
        const coordinatorId = coordinatorIdOf(await attempt(target, signal));
        const { instance, url } = target;
        proofs.set(key, { instance, url, coordinatorId, provenAt: clock.now() });
        log.info('a query runs on the coordinator', { runtime: key, coordinatorId });
        onProof(key);
        return;
      } catch (error) {
        // Refused, then 503 while the process starts: expected, told once per kind.
        const problem = error instanceof Error ? error.message : String(error);
        if (problem !== lastProblem && !signal.aborted) log.debug('the coordinator is not ready', { runtime: key, problem });
        lastProblem = problem;
        const isListening = !(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED');
        await pause(clock, isListening ? listeningPollMs : pollMs, signal);
      }
    }
  }

  function end(key: string): void {
    running.get(key)?.abort.abort();
    running.delete(key);
  }

  return {
    watch(key, target) {
      const current = running.get(key);
      if (target === undefined) {
        end(key);
        proofs.delete(key);
        return;
      }
      if (proofs.get(key)?.instance === target.instance) return;
      if (current?.target.instance === target.instance && current.target.url === target.url) return;
      end(key);
      const abort = new AbortController();
      const entry = { target, abort };
      running.set(key, entry);
      prove(key, target, abort.signal)
        .catch((error: unknown) => log.error('the proof of a coordinator ended', { runtime: key, error }))
        .finally(() => {
          if (running.get(key) === entry) running.delete(key);
        });
    },
    proofOf: (key) => proofs.get(key),
    stop() {
      for (const key of running.keys()) end(key);
    },
  };
}
