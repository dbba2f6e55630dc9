// The status of a Pod from what its worker knows. Pure. Source: Kubernetes, Pod lifecycle (phases, conditions, states).
import type { Container, ContainerState, Pod, PodCondition, PodStatus } from '#core/objects.ts';

export interface PodFacts {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  /** RFC 3339, when this node took the Pod. */
  readonly startTime: string;
  readonly restartCount: number;
  readonly isStarted: boolean;
  readonly isReady: boolean;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
  readonly containerID?: string;
}

const OWN_CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'] as const;

/** Conditions of others (PodScheduled...) stay; a condition keeps its time while its status stays. `now` is RFC 3339. */
export function buildPodStatus(pod: Pod, container: Container, facts: PodFacts, now: string): PodStatus {
  const isOver = facts.phase === 'Succeeded' || facts.phase === 'Failed';
  const notReady = isOver
    ? { reason: facts.phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${container.name}]` };
  const ready: Omit<PodCondition, 'type' | 'lastTransitionTime'> = facts.isReady ? { status: 'True' } : { status: 'False', ...notReady };
  const conditions: Readonly<Record<(typeof OWN_CONDITIONS)[number], Omit<PodCondition, 'type' | 'lastTransitionTime'>>> = {
    PodReadyToStartContainers: { status: facts.podIP === undefined ? 'False' : 'True' },
    Initialized: { status: 'True' },
    ContainersReady: ready,
    Ready: ready,
  };
  const before = pod.status?.conditions ?? [];
  return {
    phase: facts.phase,
    ...(facts.reason === undefined ? {} : { reason: facts.reason }),
    ...(facts.message === undefined ? {} : { message: facts.message }),
    hostIP: '127.0.0.1',
    ...(facts.podIP === undefined ? {} : { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] }),
    startTime: facts.startTime,
    conditions: [
      ...before.filter((condition) => !OWN_CONDITIONS.some((own) => own === condition.type)),
      ...OWN_CONDITIONS.map((type) => withTime({ type, ...conditions[type] }, before, now)),
    ],
    containerStatuses: [
      {
        name: container.name,
        image: container.image ?? '',
        imageID: container.image ?? '',
        ...(facts.containerID === undefined ? {} : { containerID: facts.containerID }),
        ready: facts.isReady,
        started: facts.isStarted,
        restartCount: facts.restartCount,
        state: facts.state,
        lastState: facts.lastState ?? {},
      },
    ],
  };
}

function withTime(condition: PodCondition, before: readonly PodCondition[], now: string): PodCondition {
  const old = before.find((each) => each.type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  return { ...condition, lastTransitionTime };
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
