// Deleting one object: preconditions, finalizers, grace periods of Pods, propagation policy. What depends on it is deleted
// later by the garbage collector; what a namespace holds by the namespace controller.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import type { RemoveOptions } from '#kube/port.ts';
import type { AdmissionTable } from './admission.ts';
import type { ReadPath } from './read-path.ts';
import { CRD_FINALIZER } from './custom-resources.ts';
import { conflict, forbidden, invalid } from './refusals.ts';
import { typeId } from './registry.ts';
import type { Served } from './registry.ts';
import type { Store } from './store.ts';
import { timeText } from './system-values.ts';
import type { WriteContext } from './decoding.ts';

/** Deleting these would take the ground from under everything else. */
const PROTECTED_NAMESPACES = new Set(['default', 'kube-system']);
export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

type PodLike = KubeObject & {
  readonly spec?: { readonly nodeName?: string; readonly terminationGracePeriodSeconds?: number };
  readonly status?: { readonly phase?: string };
};

export interface DeletionParts {
  readonly store: Store;
  readonly reads: ReadPath;
  readonly clock: Clock;
  readonly admission: AdmissionTable;
}

/**
 * Deletes, or marks as being deleted. Returns the last state seen, and whether the object is gone.
 * Throws 404, 409 (uid or resourceVersion differ), 403 for namespaces that must stay.
 */
export function deleteObject(
  { store, reads, clock, admission }: DeletionParts,
  target: { readonly served: Served; readonly namespace: string | undefined; readonly name: string },
  options: RemoveOptions,
  context: WriteContext,
): { readonly object: KubeObject; readonly isGone: boolean } {
  const { served, namespace, name } = target;
  const { type } = served;
  const current = reads.read(served, namespace, name);
  checkDeletionPreconditions(served, current, options);
  if (type.kind === 'Namespace' && PROTECTED_NAMESPACES.has(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
  const problems = admission.validate(
    type.group,
    {
      operation: 'DELETE',
      object: current,
      oldObject: current,
      isDryRun: context.isDryRun,
      ...(context.userInfo === undefined ? {} : { userInfo: context.userInfo }),
    },
    context.warn,
  );
  if (problems.length > 0) {
    throw invalid(type, name, problems);
  }
  const graceSeconds = graceOf(type.kind, current, options.gracePeriodSeconds);
  const finalizers = finalizersOf(type.kind, current, options.propagationPolicy);
  const isMarked = current.metadata.deletionTimestamp !== undefined;
  if (finalizers.length === 0 && graceSeconds === 0 && type.kind !== 'Namespace') {
    return { object: context.isDryRun ? current : reads.present(served, store.delete(typeId(type), current)), isGone: true };
  }
  const oldGrace = current.metadata.deletionGracePeriodSeconds ?? 0;
  const isSame = isMarked && graceSeconds >= oldGrace && finalizers.length === (current.metadata.finalizers ?? []).length;
  if (isSame || context.isDryRun) {
    return { object: current, isGone: false };
  }
  const deletionGracePeriodSeconds = isMarked ? Math.min(graceSeconds, oldGrace) : graceSeconds;
  const marked: KubeObject = {
    ...current,
    ...(type.kind === 'Namespace' ? { status: { phase: 'Terminating' } } : {}),
    metadata: {
      ...current.metadata,
      ...(finalizers.length === 0 ? {} : { finalizers }),
      ...(current.metadata.generation === undefined || isMarked ? {} : { generation: current.metadata.generation + 1 }),
      deletionTimestamp:
        isMarked && deletionGracePeriodSeconds === oldGrace
          ? (current.metadata.deletionTimestamp ?? '')
          : timeText(clock.now() + deletionGracePeriodSeconds * 1_000),
      ...(type.kind === 'Namespace' ? {} : { deletionGracePeriodSeconds }),
    },
  };
  return { object: reads.present(served, store.put(typeId(type), marked)), isGone: false };
}

function checkDeletionPreconditions({ type }: Served, current: KubeObject, wanted: RemoveOptions): void {
  const { name, uid = '', resourceVersion = '' } = current.metadata;
  // here, and only here, a real API server says the kind in place of the resource
  const named = { ...type, plural: type.kind };
  const differs = (field: string, given: string, kept: string): string =>
    `the ${field} in the precondition (${given}) does not match the ${field} in record (${kept}). The object might have been`;
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    throw conflict(named, name, `${differs('UID', wanted.uid, uid)} deleted and then recreated`);
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw conflict(named, name, `${differs('ResourceVersion', wanted.resourceVersion, resourceVersion)} modified`);
  }
}

/** Only a Pod that a node has taken waits for its node; all else goes at once. Seconds. */
function graceOf(kind: string, object: PodLike, wanted: number | undefined): number {
  if (kind !== 'Pod' || (object.spec?.nodeName ?? '') === '' || object.status?.phase === 'Succeeded' || object.status?.phase === 'Failed') {
    return 0;
  }
  return wanted ?? object.metadata.deletionGracePeriodSeconds ?? object.spec?.terminationGracePeriodSeconds ?? 30;
}

function finalizersOf(kind: string, object: KubeObject, policy: RemoveOptions['propagationPolicy']): readonly string[] {
  const kept = object.metadata.finalizers ?? [];
  // a definition stays until its objects have gone
  const finalizers = kind === 'CustomResourceDefinition' && !kept.includes(CRD_FINALIZER) ? [...kept, CRD_FINALIZER] : kept;
  if (object.metadata.deletionTimestamp !== undefined && policy === undefined) {
    return finalizers;
  }
  const others = finalizers.filter((one) => one !== FOREGROUND && one !== ORPHAN);
  switch (policy) {
    case 'Foreground':
      return [...others, FOREGROUND];
    case 'Orphan':
      return [...others, ORPHAN];
    case 'Background':
      return others;
    default:
      return finalizers;
  }
}
