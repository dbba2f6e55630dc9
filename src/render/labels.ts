// Labels and ownership that every object of a runtime carries. Pure. Source: reference-api section 5.3.
import type { OwnerReference } from '#core/objects.ts';
import type { Role } from '#apis/v1/names.ts';
import { apiVersion, fieldOwner } from '#apis/v1/resources.ts';

export const revisionLabel = 'xtrinode.io/revision';
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const instanceLabel = 'app.kubernetes.io/instance';
export const componentLabel = 'app.kubernetes.io/component';

/** Selects everything the operator made, of all runtimes. */
export const managedSelector = `${managedByLabel}=${fieldOwner},app.kubernetes.io/name=trino`;

export interface RuntimeIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function runtimeLabels(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'trino', [instanceLabel]: name, [managedByLabel]: fieldOwner };
}

export function revisionLabels(name: string, revision: string): Record<string, string> {
  return { ...runtimeLabels(name), [revisionLabel]: revision };
}

export function roleLabels(name: string, revision: string, role: Role): Record<string, string> {
  return { ...revisionLabels(name, revision), [componentLabel]: role };
}

export function ownerOf(runtime: RuntimeIdentity): OwnerReference[] {
  return [{ apiVersion, kind: 'XTrinode', name: runtime.name, uid: runtime.uid, controller: true, blockOwnerDeletion: true }];
}
