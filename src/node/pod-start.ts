// With what a worker begins: what a former run of this node left in the Pod's status, and whether this node can run the Pod
// at all. Pure.
import type { Pod } from '#core/objects.ts';
import type { PodFacts } from './pod-status.ts';

/**
 * Processes of a former run are never adopted: a container that ran then has ended for us, and its next start counts as a
 * restart. `now` is RFC 3339.
 */
export function factsOfFormerRun(pod: Pod, now: string): PodFacts {
  const before = pod.status?.containerStatuses?.[0];
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const lost =
    before?.state?.running === undefined
      ? undefined
      : {
          terminated: {
            exitCode: 255,
            reason: 'NodeRestarted',
            message: 'The process node was started again; processes of its former run do not outlive it.',
            finishedAt: now,
            ...(before.state.running.startedAt === undefined ? {} : { startedAt: before.state.running.startedAt }),
          },
        };
  const lastState = lost ?? (before?.lastState?.terminated === undefined ? before?.state?.terminated && before.state : before.lastState);
  return {
    phase: isOver ? pod.status.phase : 'Pending',
    startTime: pod.status?.startTime ?? now,
    restartCount: before?.restartCount ?? 0,
    isStarted: false,
    isReady: false,
    state: isOver ? (before?.state ?? {}) : { waiting: { reason: 'ContainerCreating' } },
    ...(lastState === undefined ? {} : { lastState }),
  };
}

/** A sentence for the status; undefined when the Pod can be run here. */
export function whyUnsupported(pod: Pod): string | undefined {
  const { containers, initContainers = [] } = pod.spec;
  if (initContainers.length > 0) {
    return `the process node runs one container per Pod and no init containers; this Pod has ${initContainers.map((each) => each.name).join(', ')}`;
  }
  if (containers.length > 1) {
    return `the process node runs one container per Pod; this Pod has ${containers.map((each) => each.name).join(', ')}`;
  }
  return undefined;
}
