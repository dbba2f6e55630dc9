// What to do next with the Pods of one Deployment: how many to create, which to delete. Pure. Without ReplicaSets: Pods of
// the current template carry its hash, all others are old. Source: Kubernetes, Deployment strategy; pod-deletion-cost.
import type { Deployment, Pod } from '#core/objects.ts';

export const TEMPLATE_HASH_LABEL = 'pod-template-hash';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

export interface RolloutPlan {
  /** Pods of the current template to create. */
  readonly create: number;
  readonly remove: readonly Pod[];
}

export function isReady(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

export function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

export function isCurrent(pod: Pod, templateHash: string): boolean {
  return pod.metadata.labels?.[TEMPLATE_HASH_LABEL] === templateHash;
}

/** `pods` are all Pods the Deployment controls. */
export function planRollout(deployment: Deployment, templateHash: string, pods: readonly Pod[]): RolloutPlan {
  const desired = deployment.spec.replicas ?? 1;
  const ended = pods.filter((pod) => !isActive(pod) && pod.metadata.deletionTimestamp === undefined);
  const active = pods.filter(isActive);
  const current = active.filter((pod) => isCurrent(pod, templateHash));
  const old = active.filter((pod) => !isCurrent(pod, templateHash));
  const surplus = leastWanted(current).slice(0, Math.max(0, current.length - desired));
  if (deployment.spec.paused === true) {
    return { create: 0, remove: ended };
  }
  if (deployment.spec.strategy?.type === 'Recreate') {
    const isOldGone = pods.every((pod) => isCurrent(pod, templateHash) || !(isActive(pod) || pod.metadata.deletionTimestamp !== undefined));
    return { create: isOldGone ? Math.max(0, desired - current.length) : 0, remove: [...ended, ...old, ...surplus] };
  }
  const { maxSurge, maxUnavailable } = rollingLimits(deployment, desired);
  const create = Math.max(0, Math.min(desired - current.length, desired + maxSurge - active.length));
  const brokenOld = old.filter((pod) => !isReady(pod));
  const ready = active.filter(isReady).length;
  const spare = Math.max(0, ready - (desired - maxUnavailable));
  const readyOld = leastWanted(old.filter(isReady)).slice(0, desired === 0 ? old.length : spare);
  return { create, remove: [...ended, ...brokenOld, ...readyOld, ...surplus] };
}

function rollingLimits({ spec }: Deployment, desired: number): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const rolling = (spec.strategy?.rollingUpdate ?? {}) as {
    readonly maxSurge?: number | string;
    readonly maxUnavailable?: number | string;
  };
  const resolve = (value: number | string | undefined, round: (x: number) => number): number =>
    typeof value === 'number' ? value : round((Number.parseFloat(value ?? '25%') / 100) * desired);
  const maxSurge = resolve(rolling.maxSurge, Math.ceil);
  const maxUnavailable = resolve(rolling.maxUnavailable, Math.floor);
  // Both zero could never move.
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable };
}

/** In the order in which they may go: unbound, not ready, cheap to delete, young. */
function leastWanted(pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod): number[] => [
    (pod.spec.nodeName ?? '') === '' ? 0 : 1,
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.[DELETION_COST] ?? 0) || 0,
    -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
  return [...pods].sort((a, b) => {
    const other = rank(b);
    const differing = rank(a)
      .map((value, at) => value - (other[at] ?? 0))
      .find((difference) => difference !== 0);
    return differing ?? (a.metadata.name < b.metadata.name ? -1 : 1);
  });
}
