// Runs the probes of one container run and tells what they add up to. The arithmetic is in probe-state.ts.
import type { Clock } from '#core/clock.ts';
import { probeOf, rulesOf, initialProbeState, isProbeActive, nextProbeState, type ProbeKind, type ProbeState } from './probe-state.ts';
import { runProbe, whyNotRun, type ProbeResult, type ProbeTarget } from './probe-action.ts';
import { aborted, pause } from '#core/pause.ts';

export interface ProbeListener {
  /** Called when started or ready changed. */
  onChange(state: ProbeState): void;
  /** Called once: the container has to be killed. */
  onKill(kind: 'startup' | 'liveness', message: string): void;
  onFailure(kind: ProbeKind, message: string): void;
  onNotRun(kind: ProbeKind, message: string): void;
}

export interface ProbeRunner {
  readonly state: ProbeState;
  stop(): void;
}

export interface ProbesInit {
  readonly target: ProbeTarget;
  readonly listener: ProbeListener;
  readonly clock: Clock;
  /** Replaced in tests. */
  readonly run?: typeof runProbe;
}

const KINDS: readonly ProbeKind[] = ['startup', 'readiness', 'liveness'];

export function startProbes(init: ProbesInit): ProbeRunner {
  const { target, listener, clock } = init;
  const run = init.run ?? runProbe;
  const stopping = new AbortController();
  let state = initialProbeState(target.container);
  let started = Promise.withResolvers<void>();
  if (state.isStarted) started.resolve();

  function take(kind: ProbeKind, result: ProbeResult): void {
    if (stopping.signal.aborted) return;
    const before = state;
    state = nextProbeState(state, target.container, kind, result.isSuccess);
    if (!result.isSuccess && kind !== 'startup') listener.onFailure(kind, result.message);
    if (state.isStarted) started.resolve();
    if (before.isStarted !== state.isStarted || before.isReady !== state.isReady) listener.onChange(state);
    if (state.killedBy !== undefined) {
      stopping.abort();
      listener.onKill(state.killedBy, result.message);
    }
  }

  async function follow(kind: ProbeKind): Promise<void> {
    const probe = probeOf(target.container, kind);
    if (probe === undefined) return;
    const rules = rulesOf(probe);
    const reason = whyNotRun(probe, target);
    if (reason !== undefined) listener.onNotRun(kind, reason);
    await pause(clock, rules.initialDelayMs, stopping.signal);
    if (kind !== 'startup') await Promise.race([started.promise, aborted(stopping.signal)]);
    while (!stopping.signal.aborted && isProbeActive(state, kind)) {
      const result = reason === undefined ? await run(probe, target, rules.timeoutMs) : { isSuccess: true, message: reason };
      take(kind, result);
      // a probe that cannot be run says the same for ever
      if (reason !== undefined && state.streaks[kind]?.count === rules.successThreshold) return;
      await pause(clock, rules.periodMs, stopping.signal);
    }
  }

  for (const kind of KINDS) void follow(kind);
  return {
    get state() {
      return state;
    },
    stop: () => stopping.abort(),
  };
}
