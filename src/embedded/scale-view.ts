// The autoscaling/v1 Scale of an object, and the object that a Scale asks for. Pure.
import type { KubeObject } from '#core/objects.ts';
import { formatLabelSelector, requirementsOf } from '#core/selector.ts';
import { asObject, asText, copyJson, isJsonObject, setAt, valueAt } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { invalid } from './refusals.ts';
import type { Served } from './registry.ts';

/** Of an object whose version has the scale subresource. */
export function scaleOf({ version }: Served, object: KubeObject): KubeObject {
  const { scale } = version;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const held = scale?.selector === undefined ? valueAt(object, ['spec', 'selector']) : valueAt(object, scale.selector);
  const selector = isJsonObject(held) ? formatLabelSelector(requirementsOf(held)) : asText(held);
  const view = {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(valueAt(object, scale?.specReplicas ?? []) ?? 0) },
    status: { replicas: Number(valueAt(object, scale?.statusReplicas ?? []) ?? 0), ...(selector === '' ? {} : { selector }) },
  };
  return view as unknown as KubeObject;
}

/** Throws 500 where no number of replicas is in a custom resource, as Kubernetes does. */
export function readScale(served: Served, object: KubeObject): KubeObject {
  const path = served.version.scale?.specReplicas ?? [];
  if (valueAt(object, path) === undefined) {
    throw new Error(`the spec replicas field ".${path.join('.')}" does not exist`);
  }
  return scaleOf(served, object);
}

/** The object with the replicas that `wanted` says, and its preconditions. Throws 422. */
export function scaledTo(served: Served, name: string, current: JsonObject, wanted: JsonObject): JsonObject {
  const replicas = asObject(wanted['spec'])['replicas'] ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
    throw invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, name, [
      { reason: 'FieldValueInvalid', field: 'spec.replicas', message },
    ]);
  }
  const candidate = copyJson(current);
  setAt(candidate, served.version.scale?.specReplicas ?? [], replicas);
  const { resourceVersion, uid } = asObject(wanted['metadata']);
  candidate['metadata'] = {
    ...asObject(candidate['metadata']),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  };
  return candidate;
}
