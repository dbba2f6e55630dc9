// A CustomResourceDefinition that is being deleted takes its objects with it, and goes when the last of them has gone.
import { CRD_FINALIZER } from '../custom-resources.ts';
import { asObject, asText, valueAt } from '../json-values.ts';
import { storeKey } from '../store.ts';
import { createKeyedLoop } from './keyed-loop.ts';
import { contextOf, removeObject, servedOf, withoutFinalizer } from './parts.ts';
import type { ControllerParts } from './parts.ts';

const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';

export function startDefinitions(parts: ControllerParts): () => void {
  const { store } = parts;
  const loop = createKeyedLoop({ name: 'definition controller', clock: parts.clock, log: parts.log, work: (name) => finish(parts, name) });
  for (const definition of store.values(DEFINITIONS)) {
    loop.look(definition.metadata.name);
  }
  const unsubscribe = store.subscribe(({ typeId, object, isDeletion }) => {
    if (typeId === DEFINITIONS && object.metadata.deletionTimestamp !== undefined) {
      loop.look(object.metadata.name);
    } else if (isDeletion && parts.registry.byId(typeId)?.isCustom === true) {
      const [group = '', plural = ''] = typeId.split('/');
      loop.look(`${plural}.${group}`);
    }
  });
  return () => {
    unsubscribe();
    loop.stop();
  };
}

function finish(parts: ControllerParts, name: string): void {
  const { store, registry } = parts;
  const definition = store.get(DEFINITIONS, storeKey(undefined, name));
  if (definition?.metadata.deletionTimestamp === undefined) {
    return;
  }
  const id = `${asText(valueAt(definition, ['spec', 'group']))}/${asText(valueAt(definition, ['spec', 'names', 'plural']))}`;
  const served = servedOf(parts, id);
  for (const object of store.values(id)) {
    if (served !== undefined && object.metadata.deletionTimestamp === undefined) {
      removeObject(parts, served, object, 'definition-controller', { propagationPolicy: 'Background' });
    }
  }
  const own = registry.resolve({ group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' });
  if ([...store.values(id)].length === 0) {
    const target = { served: own, namespace: undefined, name };
    parts.writes.update(target, (current) => asObject(withoutFinalizer(current, CRD_FINALIZER)), contextOf('definition-controller'));
  }
}
