// Deployments own their Pods directly (no ReplicaSets in between): keeps their number and template, and reports status.
// What to create and delete is decided in rollout.ts.
import { canonicalJson, sha256Hex } from '#core/hash.ts';
import type { Condition, Deployment, Pod } from '#core/objects.ts';
import { deployments, pods as podResource } from '#kube/resources.ts';
import { equalJson } from '../json-values.ts';
import type { JsonObject } from '../json-values.ts';
import { storeKey } from '../store.ts';
import { randomSuffix, timeText } from '../system-values.ts';
import { createKeyedLoop } from './keyed-loop.ts';
import { contextOf, removeObject, servedOf } from './parts.ts';
import type { ControllerParts } from './parts.ts';
import { TEMPLATE_HASH_LABEL, isActive, isCurrent, isReady, planRollout } from './rollout.ts';

const DEPLOYMENTS = 'apps/deployments';
const PODS = '/pods';
const NAME = 'deployment-controller';

function ownerKeyOf(pod: Pod): string | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller, kind }) => controller === true && kind === 'Deployment');
  return owner === undefined ? undefined : storeKey(pod.metadata.namespace, owner.name);
}

export function startDeployments(parts: ControllerParts): () => void {
  const { store } = parts;
  const loop = createKeyedLoop({ name: 'deployment controller', clock: parts.clock, log: parts.log, work: (key) => reconcile(parts, key) });
  for (const deployment of store.values(DEPLOYMENTS)) {
    loop.look(storeKey(deployment.metadata.namespace, deployment.metadata.name));
  }
  const unsubscribe = store.subscribe(({ typeId, object }) => {
    const key =
      typeId === DEPLOYMENTS
        ? storeKey(object.metadata.namespace, object.metadata.name)
        : typeId === PODS
          ? ownerKeyOf(object as Pod)
          : undefined;
    if (key !== undefined) {
      loop.look(key);
    }
  });
  return () => {
    unsubscribe();
    loop.stop();
  };
}

function podsOf({ store }: ControllerParts, deployment: Deployment): Pod[] {
  return ([...store.values(PODS)] as Pod[]).filter(
    ({ metadata }) =>
      metadata.namespace === deployment.metadata.namespace &&
      (metadata.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === deployment.metadata.uid),
  );
}

function reconcile(parts: ControllerParts, key: string): void {
  const deployment = parts.store.get(DEPLOYMENTS, key) as Deployment | undefined;
  if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) {
    return;
  }
  const templateHash = sha256Hex(canonicalJson(deployment.spec.template), 10);
  const plan = planRollout(deployment, templateHash, podsOf(parts, deployment));
  const servedPods = servedOf(parts, PODS);
  let failure: unknown;
  if (servedPods !== undefined) {
    for (const pod of plan.remove) {
      removeObject(parts, servedPods, pod, NAME, { propagationPolicy: 'Background' });
    }
    try {
      for (let made = 0; made < plan.create; made++) {
        parts.writes.create(servedPods, deployment.metadata.namespace, newPod(parts, deployment, templateHash), contextOf(NAME));
      }
    } catch (error) {
      // The status must tell the user before the loop tries again.
      failure = error;
    }
  }
  writeStatus(parts, deployment, templateHash, failure);
  if (failure !== undefined) {
    throw failure;
  }
}

function newPod({ random }: ControllerParts, { metadata, spec }: Deployment, templateHash: string): JsonObject {
  const { name, namespace, uid } = metadata;
  const { template } = spec;
  const owner = { apiVersion: 'apps/v1', kind: deployments.kind, name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: podResource.version,
    kind: podResource.kind,
    metadata: {
      ...template.metadata,
      name: `${name}-${templateHash}-${randomSuffix(random)}`,
      generateName: `${name}-${templateHash}-`,
      namespace,
      labels: { ...template.metadata?.labels, [TEMPLATE_HASH_LABEL]: templateHash },
      ownerReferences: [owner],
    },
    spec: template.spec,
  };
}

function writeStatus(parts: ControllerParts, deployment: Deployment, templateHash: string, failure: unknown): void {
  const served = servedOf(parts, DEPLOYMENTS);
  const active = podsOf(parts, deployment).filter(isActive);
  const updated = active.filter((pod) => isCurrent(pod, templateHash));
  const ready = active.filter(isReady).length;
  const desired = deployment.spec.replicas ?? 1;
  const isComplete = updated.length === desired && active.length === desired && ready >= desired;
  const isAvailable = ready >= desired;
  const conditions = [
    condition(
      parts,
      deployment,
      'Available',
      isAvailable,
      isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      isAvailable ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    ),
    condition(
      parts,
      deployment,
      'Progressing',
      failure === undefined,
      failure === undefined ? (isComplete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated') : 'FailedCreate',
      failure === undefined
        ? isComplete
          ? 'The current template has been rolled out.'
          : 'The current template is being rolled out.'
        : `Pods cannot be created: ${failure instanceof Error ? failure.message : JSON.stringify(failure)}`,
    ),
  ];
  const status = {
    observedGeneration: deployment.metadata.generation,
    ...counts({
      replicas: active.length,
      updatedReplicas: updated.length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: Math.max(0, desired - ready),
    }),
    conditions,
  };
  if (served !== undefined && !equalJson(status, deployment.status)) {
    const { namespace, name } = deployment.metadata;
    parts.writes.update({ served, namespace, name, subresource: 'status' }, (current) => ({ ...current, status }), contextOf(NAME));
  }
}

/** Kubernetes leaves out counts of zero. */
function counts(all: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

function condition(
  { clock }: ControllerParts,
  deployment: Deployment,
  type: string,
  isTrue: boolean,
  reason: string,
  message: string,
): Condition {
  const now = timeText(clock.now());
  const before = deployment.status?.conditions?.find((one) => one.type === type);
  const status = isTrue ? 'True' : 'False';
  if (before?.status === status && before.reason === reason && before.message === message) {
    return before;
  }
  const made = {
    type,
    status,
    reason,
    message,
    lastUpdateTime: now,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
  };
  return made as Condition;
}
