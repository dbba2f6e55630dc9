// What a cache does not keep: bookkeeping of the server and of kubectl that nobody reads there, half of an object's memory
// (test/bench/results/cache.json). Objects of a cache are therefore never to be written back whole. Pure.
import type { KubeObject } from '#core/objects.ts';

/** A second copy of the whole object, made by `kubectl apply` without --server-side. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function withoutBulk<T extends KubeObject>(object: T): T {
  const { managedFields, annotations } = object.metadata;
  if (managedFields === undefined && annotations?.[lastApplied] === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  if (annotations?.[lastApplied] === undefined) return { ...object, metadata };
  const { [lastApplied]: _copy, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

/** Frozen parts are taken as frozen all the way down: the embedded API hands out such objects again and again. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freezeDeep(part);
  return Object.freeze(value);
}
