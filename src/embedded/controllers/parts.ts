// What every controller gets, and the two writes they share.
import type { KubeObject } from '#core/objects.ts';
import type { KubeApi, RemoveOptions } from '#kube/port.ts';
import { deleteObject } from '../deletion.ts';
import type { Served } from '../registry.ts';
import type { ServerParts } from '../server-parts.ts';
import type { WriteContext } from '../decoding.ts';

export interface ControllerParts extends ServerParts {
  readonly api: KubeApi;
  /** In [0, 1). */
  readonly random: () => number;
}

export function contextOf(fieldManager: string): WriteContext {
  return { fieldManager, isDryRun: false, fieldValidation: 'Ignore', warn: () => undefined };
}

/** The row and preferred version of a stored object's type; undefined when its definition is gone. */
export function servedOf({ registry }: ControllerParts, id: string): Served | undefined {
  const type = registry.byId(id);
  const version = type?.versions[0];
  return type === undefined || version === undefined ? undefined : { type, version };
}

/** Deletes exactly this object (by uid), as the named controller. */
export function removeObject(
  parts: ControllerParts,
  served: Served,
  object: KubeObject,
  fieldManager: string,
  options: RemoveOptions = {},
): void {
  const { namespace, name, uid } = object.metadata;
  deleteObject(parts, { served, namespace, name }, { ...options, ...(uid === undefined ? {} : { uid }) }, contextOf(fieldManager));
}

export function withoutFinalizer(object: Readonly<Record<string, unknown>>, finalizer: string): Record<string, unknown> {
  const metadata = object['metadata'] as { readonly finalizers?: readonly string[] };
  return { ...object, metadata: { ...metadata, finalizers: (metadata.finalizers ?? []).filter((one) => one !== finalizer) } };
}
