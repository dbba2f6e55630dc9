// Does what a plan says: the only place of the operator that writes to the Kubernetes API. Every answer is noted in the caches, so
// that the next pass sees what this one did. Shell.
import { canonicalJson, sha256Hex } from '#core/hash.ts';
import { isContained } from '#core/equality.ts';
import type { KubeObject, Secret } from '#core/objects.ts';
import { internalSecretName, routeShardOf, spoolingSecretName } from '#apis/v1/names.ts';
import type { XTrinode, XTrinodeStatus } from '#apis/v1/objects.ts';
import { annotations, fieldOwner, finalizer, xtrinodes } from '#apis/v1/resources.ts';
import type { FreshView } from '#kube/cache/fresh-view.ts';
import { keyOf } from '#kube/cache/store.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi, ObjectKey, Resource } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import type { EventRecorder } from '#kube/control/events.ts';
import { internalSecretKey, spoolingSecretKey } from '#render/pods.ts';
import { ownerOf, runtimeLabels } from '#render/labels.ts';
import type { Action, OwnedObject } from './plan.ts';
import type { Caches } from './runtime/caches.ts';
import type { RouteWriter } from './runtime/route-writer.ts';
import type { ForeignObject } from './snapshot.ts';

export interface Executor {
  run(runtime: XTrinode, actions: readonly Action[]): Promise<void>;
  writeStatus(runtime: XTrinode, status: XTrinodeStatus): Promise<void>;
}

/** An object that bears a name of ours but belongs to somebody else. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
  readonly foreign: ForeignObject;

  constructor(foreign: ForeignObject) {
    super(`${foreign.object} already exists and is not ours`);
    this.foreign = foreign;
  }
}

export interface ExecutorInit {
  readonly api: KubeApi;
  readonly caches: Caches;
  readonly events: EventRecorder;
  readonly routes: RouteWriter;
  /** 64 hex digits nobody can guess. */
  readonly newSecret: () => string;
  readonly onRoutePublished: (key: string, entry: string) => void;
  /** Nothing is written after it: another operator may have begun. */
  readonly signal: AbortSignal;
}

/**
 * The version of an empty store, which no object has: an apply with it makes what is not there, and is a conflict where anything is
 * (contract case). One call in place of a look and a write, and nothing can come in between.
 */
const nobodysVersion = '1';

interface OwnedKind {
  readonly resource: Resource;
  readonly view: FreshView<KubeObject>;
}

export function keyOfObject({ metadata }: KubeObject): ObjectKey {
  return { name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) };
}

function isOwnedBy(object: KubeObject, runtime: XTrinode): boolean {
  return object.metadata.ownerReferences?.some(({ uid }) => uid === runtime.metadata.uid) === true;
}

function foreignError(object: KubeObject, runtime: XTrinode): ForeignObjectError {
  const isLeaving =
    object.metadata.ownerReferences?.some(({ kind, name }) => kind === runtime.kind && name === runtime.metadata.name) === true;
  return new ForeignObjectError({ object: `${object.kind} ${object.metadata.name}`, isLeaving });
}

/** Adds the hash of what is applied, so that a field we stop applying is noticed as well as one that somebody changed. */
export function withAppliedHash(object: OwnedObject): OwnedObject {
  const hash = sha256Hex(canonicalJson(object), 16);
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotations.appliedHash]: hash } } };
}

export function createExecutor({ api, caches, events, routes, newSecret, onRoutePublished, signal }: ExecutorInit): Executor {
  const ensuredSecrets = new Set<string>();
  /** Names at which something of somebody else's was found: looked at, not tried, until they are free. */
  const taken = new Set<string>();
  const manager = { fieldManager: fieldOwner };
  const forced = { ...manager, force: true };
  const kinds = {
    ConfigMap: { resource: resources.configMaps, view: caches.configMaps.view },
    Service: { resource: resources.services, view: caches.services.view },
    ServiceAccount: { resource: resources.serviceAccounts, view: caches.serviceAccounts.view },
    Deployment: { resource: resources.deployments, view: caches.deployments.view },
  } as unknown as Readonly<Record<string, OwnedKind>>;

  function kindOf({ kind }: KubeObject): OwnedKind {
    const found = kinds[kind];
    if (found === undefined) throw new Error(`no resource for kind ${kind}`);
    return found;
  }

  async function apply(runtime: XTrinode, object: OwnedObject): Promise<void> {
    const wanted = withAppliedHash(object);
    const { resource, view } = kindOf(object);
    const seen = view.get(keyOf(object));
    const live = seen !== undefined && isOwnedBy(seen, runtime) ? seen : undefined;
    if (live !== undefined && isContained(wanted, live)) return;
    if (live === undefined) return make(runtime, wanted);
    const write = async (): Promise<void> => view.noteWritten(await api.apply(resource, wanted, forced));
    try {
      await write();
    } catch (error) {
      // Immutable, and made by somebody else in our name: only a new one can be right.
      if (!isKubeError(error, 'Invalid') || !('immutable' in live)) throw error;
      await remove(live);
      await write();
    }
  }

  /** What the caches do not show, or not as ours: made if the name is free, mended if it is ours after all. */
  async function make(runtime: XTrinode, wanted: OwnedObject): Promise<void> {
    const { resource, view } = kindOf(wanted);
    const id = `${resource.plural} ${keyOf(wanted)}`;
    if (!taken.has(id)) {
      try {
        const onlyNew = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: nobodysVersion } };
        return view.noteWritten(await api.apply(resource, onlyNew, forced));
      } catch (error) {
        if (!isKubeError(error, 'Conflict')) throw error;
      }
    }
    const existing = await api.get(resource, keyOfObject(wanted));
    if (existing !== undefined && !isOwnedBy(existing, runtime)) {
      taken.add(id);
      throw foreignError({ ...existing, kind: wanted.kind }, runtime);
    }
    taken.delete(id);
    view.noteWritten(await api.apply(resource, wanted, forced));
  }

  /** 256 bits, as Trino wants them. */
  function newSpoolingKey(): string {
    return btoa(newSecret().replaceAll(/../g, (hex) => String.fromCharCode(Number.parseInt(hex, 16))));
  }

  async function ensureSecrets(runtime: XTrinode): Promise<void> {
    const { name } = runtime.metadata;
    await ensureSecret(runtime, internalSecretName(name), internalSecretKey, newSecret);
    if (runtime.spec.spooling !== undefined) await ensureSecret(runtime, spoolingSecretName(name), spoolingSecretKey, newSpoolingKey);
  }

  async function ensureSecret(runtime: XTrinode, secretName: string, key: string, make: () => string): Promise<void> {
    const { namespace = 'default', name, uid = '' } = runtime.metadata;
    if (ensuredSecrets.has(`${uid}/${secretName}`)) return;
    const existing = await api.get<Secret>(resources.secrets, { namespace, name: secretName });
    if (existing !== undefined && !isOwnedBy(existing, runtime)) throw foreignError({ ...existing, kind: 'Secret' }, runtime);
    if (existing === undefined) {
      const identity = { namespace, name, uid };
      const secret: Secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secretName, namespace, labels: runtimeLabels(name), ownerReferences: ownerOf(identity) },
        type: 'Opaque',
        data: { [key]: btoa(make()) },
      };
      await api.create(resources.secrets, secret, manager);
    }
    ensuredSecrets.add(`${uid}/${secretName}`);
  }

  async function publishRoute(key: string, entry: string): Promise<void> {
    await routes.write(routeShardOf(key), key, entry);
    onRoutePublished(key, entry);
  }

  async function patchMetadata(runtime: XTrinode, metadata: object): Promise<void> {
    caches.runtimes.view.noteWritten(await api.patch<XTrinode>(xtrinodes, keyOfObject(runtime), 'merge', { metadata }, manager));
  }

  async function setFinalizers(runtime: XTrinode, finalizers: readonly string[]): Promise<void> {
    const { resourceVersion } = runtime.metadata;
    await patchMetadata(runtime, { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) });
  }

  async function remove(object: OwnedObject): Promise<void> {
    const { uid } = object.metadata;
    const { resource, view } = kindOf(object);
    await api.remove(resource, keyOfObject(object), { ...(uid === undefined ? {} : { uid }), propagationPolicy: 'Background' });
    view.noteRemoved(object);
  }

  async function execute(runtime: XTrinode, action: Action): Promise<void> {
    switch (action.do) {
      case 'apply':
        return apply(runtime, action.object);
      case 'delete':
        return remove(action.object);
      case 'ensure-secrets':
        return ensureSecrets(runtime);
      case 'publish-route':
        return publishRoute(action.key, action.entry);
      case 'remove-annotations':
        return patchMetadata(runtime, { annotations: Object.fromEntries(action.names.map((name) => [name, null])) });
      case 'add-finalizer':
        return setFinalizers(runtime, [...(runtime.metadata.finalizers ?? []), finalizer]);
      case 'remove-finalizer':
        ensuredSecrets.delete(runtime.metadata.uid ?? '');
        return setFinalizers(
          runtime,
          (runtime.metadata.finalizers ?? []).filter((name) => name !== finalizer),
        );
      case 'event':
        events.record({ object: runtime, type: action.type, reason: action.reason, message: action.message });
        return;
      default:
        action satisfies never;
    }
  }

  return {
    async run(runtime, actions) {
      for (const action of actions) {
        signal.throwIfAborted();
        await execute(runtime, action);
      }
    },
    async writeStatus(runtime, status) {
      signal.throwIfAborted();
      const { apiVersion, kind } = runtime;
      // Of this very object: what is decided for one that is gone, and seen late, must not become the state of its namesake.
      const metadata = { ...keyOfObject(runtime), uid: runtime.metadata.uid };
      const object = { apiVersion, kind, metadata, status } as unknown as XTrinode;
      caches.runtimes.view.noteWritten(await api.apply<XTrinode>(xtrinodes, object, { ...manager, force: true, subresource: 'status' }));
    },
  };
}

/** Worth a word to the user beside the retry: what the API server said. */
export function describeFailure(error: unknown, { metadata }: KubeObject): string {
  if (!(error instanceof Error)) return String(error);
  if (!isKubeError(error, 'Forbidden')) return error.message;
  return `${error.message}. To give it this namespace: xtrinode rbac --role operator --serve ${metadata.namespace ?? 'default'} | kubectl apply --server-side -f -`;
}
