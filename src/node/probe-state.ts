// What a container's three probes add up to. Pure. Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes":
// until the startup probe has succeeded the other two do not run; thresholds count results in a row.
import type { Container, Probe } from '#core/objects.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProbeRules {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

/** Kubernetes' defaults filled in. */
export function rulesOf(probe: Probe): ProbeRules {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: Math.max(1, probe.periodSeconds ?? 10) * 1000,
    timeoutMs: Math.max(1, probe.timeoutSeconds ?? 1) * 1000,
    failureThreshold: Math.max(1, probe.failureThreshold ?? 3),
    successThreshold: Math.max(1, probe.successThreshold ?? 1),
  };
}

interface Streak {
  readonly isSuccess: boolean;
  readonly count: number;
}

export interface ProbeState {
  readonly isStarted: boolean;
  readonly isReady: boolean;
  /** The probe that says the container must be killed, once its threshold is reached. */
  readonly killedBy?: 'startup' | 'liveness';
  readonly streaks: Readonly<Partial<Record<ProbeKind, Streak>>>;
}

type Probed = Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

export function probeOf(container: Probed, kind: ProbeKind): Probe | undefined {
  return kind === 'startup' ? container.startupProbe : kind === 'readiness' ? container.readinessProbe : container.livenessProbe;
}

/** The state in the instant the process starts. */
export function initialProbeState(container: Probed): ProbeState {
  const isStarted = container.startupProbe === undefined;
  return { isStarted, isReady: isStarted && container.readinessProbe === undefined, streaks: {} };
}

/** Takes one result. */
export function nextProbeState(state: ProbeState, container: Probed, kind: ProbeKind, isSuccess: boolean): ProbeState {
  const probe = probeOf(container, kind);
  if (probe === undefined) return state;
  const rules = rulesOf(probe);
  const before = state.streaks[kind];
  const count = before?.isSuccess === isSuccess ? before.count + 1 : 1;
  const next: ProbeState = { ...state, streaks: { ...state.streaks, [kind]: { isSuccess, count } } };
  if (count < (isSuccess ? rules.successThreshold : rules.failureThreshold)) return next;
  switch (kind) {
    case 'startup':
      if (!isSuccess) return { ...next, killedBy: 'startup' };
      return { ...next, isStarted: true, isReady: container.readinessProbe === undefined };
    case 'readiness':
      return { ...next, isReady: isSuccess };
    case 'liveness':
      return isSuccess ? next : { ...next, isReady: false, killedBy: 'liveness' };
    default:
      return kind satisfies never;
  }
}

/** Whether a probe is due at all now. */
export function isProbeActive(state: ProbeState, kind: ProbeKind): boolean {
  return kind === 'startup' ? !state.isStarted : state.isStarted;
}
