// A namespace that is being deleted is emptied, then removed. Pods leave with their grace, so this may take a while; each
// deletion inside brings the namespace back here.
import { typeId } from '../registry.ts';
import { keyOf, storeKey } from '../store.ts';
import { createKeyedLoop } from './keyed-loop.ts';
import { removeObject, servedOf } from './parts.ts';
import type { ControllerParts } from './parts.ts';

const NAMESPACES = '/namespaces';

export function startNamespaces(parts: ControllerParts): () => void {
  const { store } = parts;
  const loop = createKeyedLoop({ name: 'namespace controller', clock: parts.clock, log: parts.log, work: (name) => empty(parts, name) });
  for (const namespace of store.values(NAMESPACES)) {
    if (namespace.metadata.deletionTimestamp !== undefined) {
      loop.look(namespace.metadata.name);
    }
  }
  const unsubscribe = store.subscribe(({ typeId: id, object, isDeletion }) => {
    const { name, namespace, deletionTimestamp } = object.metadata;
    if (id === NAMESPACES && !isDeletion && deletionTimestamp !== undefined) {
      loop.look(name);
    } else if (
      isDeletion &&
      namespace !== undefined &&
      store.get(NAMESPACES, storeKey(undefined, namespace))?.metadata.deletionTimestamp !== undefined
    ) {
      loop.look(namespace);
    }
  });
  return () => {
    unsubscribe();
    loop.stop();
  };
}

function empty(parts: ControllerParts, name: string): void {
  const { store, registry } = parts;
  const namespace = store.get(NAMESPACES, storeKey(undefined, name));
  if (namespace?.metadata.deletionTimestamp === undefined) {
    return;
  }
  let left = 0;
  for (const type of registry.all().filter(({ namespaced }) => namespaced)) {
    const id = typeId(type);
    const served = servedOf(parts, id);
    for (const object of [...store.values(id)].filter(({ metadata }) => metadata.namespace === name)) {
      if (served !== undefined && object.metadata.deletionTimestamp === undefined) {
        removeObject(parts, served, object, 'namespace-controller', { propagationPolicy: 'Background' });
      }
      left += store.get(id, keyOf(object)) === undefined ? 0 : 1;
    }
  }
  if (left === 0 && (namespace.metadata.finalizers ?? []).length === 0) {
    store.delete(NAMESPACES, namespace);
  }
}
