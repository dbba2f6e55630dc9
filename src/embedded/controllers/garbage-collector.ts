// Deletes what belongs to nobody any more (ownerReferences), and carries out foreground and orphan deletion of owners.
// Works from an index of uids kept up by the store's changes. Source: Kubernetes, "Garbage Collection".
import type { KubeObject } from '#core/objects.ts';
import { FOREGROUND, ORPHAN } from '../deletion.ts';
import { asObject } from '../json-values.ts';
import { ownerUidsOf } from '../read-path.ts';
import { keyOf } from '../store.ts';
import { createKeyedLoop } from './keyed-loop.ts';
import { contextOf, removeObject, servedOf, withoutFinalizer } from './parts.ts';
import type { ControllerParts } from './parts.ts';

const NAME = 'garbage-collector';

/** Place of an object in the store, as a key of the loop. Type ids and names contain no space. */
function placeOf(typeId: string, object: KubeObject): string {
  return `${typeId} ${keyOf(object)}`;
}

export function startGarbageCollector(parts: ControllerParts): () => void {
  const { store } = parts;
  const placeByUid = new Map<string, string>();
  const dependentsByOwner = new Map<string, Set<string>>();
  const loop = createKeyedLoop({ name: 'garbage collector', clock: parts.clock, log: parts.log, work: (place) => collect(place) });

  function index(typeId: string, object: KubeObject, isGone: boolean): void {
    const place = placeOf(typeId, object);
    const uid = object.metadata.uid ?? '';
    if (isGone) {
      placeByUid.delete(uid);
    } else {
      placeByUid.set(uid, place);
    }
    for (const owner of ownerUidsOf(object)) {
      const dependents = dependentsByOwner.get(owner) ?? new Set();
      if (isGone) {
        dependents.delete(place);
      } else {
        dependents.add(place);
      }
      if (dependents.size === 0) {
        dependentsByOwner.delete(owner);
      } else {
        dependentsByOwner.set(owner, dependents);
      }
    }
  }

  function needsLook({ metadata }: KubeObject): boolean {
    return (
      (metadata.ownerReferences?.length ?? 0) > 0 || (metadata.deletionTimestamp !== undefined && (metadata.finalizers?.length ?? 0) > 0)
    );
  }

  for (const typeId of store.typeIds()) {
    for (const object of store.values(typeId)) {
      index(typeId, object, false);
      if (needsLook(object)) {
        loop.look(placeOf(typeId, object));
      }
    }
  }
  const unsubscribe = store.subscribe(({ typeId, object, previous, isDeletion }) => {
    if (previous !== undefined) {
      index(typeId, previous, true);
    }
    if (!isDeletion) {
      index(typeId, object, false);
      if (needsLook(object)) {
        loop.look(placeOf(typeId, object));
      }
      return;
    }
    for (const place of dependentsByOwner.get(object.metadata.uid ?? '') ?? []) {
      loop.look(place);
    }
    for (const owner of ownerUidsOf(object)) {
      const place = placeByUid.get(owner);
      if (place !== undefined) {
        loop.look(place);
      }
    }
  });

  function read(place: string): { readonly typeId: string; readonly object: KubeObject } | undefined {
    const [typeId = '', key = ''] = place.split(' ');
    const object = store.get(typeId, key);
    return object === undefined ? undefined : { typeId, object };
  }

  function collect(place: string): void {
    const found = read(place);
    const served = found === undefined ? undefined : servedOf(parts, found.typeId);
    if (found === undefined || served === undefined) {
      return;
    }
    const { object } = found;
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp !== undefined && finalizers.includes(ORPHAN)) {
      orphanDependents(object);
      release(found.typeId, object, ORPHAN);
    } else if (object.metadata.deletionTimestamp !== undefined && finalizers.includes(FOREGROUND)) {
      if (deleteDependents(object) === 0) {
        release(found.typeId, object, FOREGROUND);
      }
    } else if ((object.metadata.ownerReferences?.length ?? 0) > 0) {
      collectDependent(found.typeId, object);
    }
  }

  function collectDependent(typeId: string, object: KubeObject): void {
    const served = servedOf(parts, typeId);
    const owners = object.metadata.ownerReferences ?? [];
    const alive = owners.filter(({ uid }) => placeByUid.has(uid));
    if (served === undefined || alive.length === owners.length || object.metadata.deletionTimestamp !== undefined) {
      return;
    }
    if (alive.length === 0) {
      removeObject(parts, served, object, NAME, { propagationPolicy: 'Background' });
    } else {
      keepOwners(typeId, object, (uid) => placeByUid.has(uid));
    }
  }

  function keepOwners(typeId: string, object: KubeObject, isKept: (uid: string) => boolean): void {
    const served = servedOf(parts, typeId);
    if (served !== undefined) {
      const { namespace, name } = object.metadata;
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => isKept(uid));
      parts.writes.update(
        { served, namespace, name },
        (current) => ({ ...current, metadata: { ...asObject(current['metadata']), ownerReferences } }),
        contextOf(NAME),
      );
    }
  }

  function dependentsOf(owner: KubeObject): { readonly typeId: string; readonly object: KubeObject }[] {
    return [...(dependentsByOwner.get(owner.metadata.uid ?? '') ?? [])].flatMap((place) => read(place) ?? []);
  }

  function orphanDependents(owner: KubeObject): void {
    for (const { typeId, object } of dependentsOf(owner)) {
      keepOwners(typeId, object, (uid) => uid !== owner.metadata.uid);
    }
  }

  /** Returns how many dependents still block the owner. */
  function deleteDependents(owner: KubeObject): number {
    for (const { typeId, object } of dependentsOf(owner)) {
      const served = servedOf(parts, typeId);
      if (served !== undefined && object.metadata.deletionTimestamp === undefined) {
        const others = ownerUidsOf(object).filter((uid) => uid !== owner.metadata.uid && placeByUid.has(uid));
        if (others.length > 0) {
          keepOwners(typeId, object, (uid) => uid !== owner.metadata.uid);
        } else {
          removeObject(parts, served, object, NAME, { propagationPolicy: 'Foreground' });
        }
      }
    }
    return dependentsOf(owner).filter(({ object }) =>
      (object.metadata.ownerReferences ?? []).some(
        ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
      ),
    ).length;
  }

  function release(typeId: string, object: KubeObject, finalizer: string): void {
    const served = servedOf(parts, typeId);
    if (served !== undefined) {
      const { namespace, name } = object.metadata;
      parts.writes.update({ served, namespace, name }, (current) => withoutFinalizer(current, finalizer), contextOf(NAME));
    }
  }

  return () => {
    unsubscribe();
    loop.stop();
  };
}
