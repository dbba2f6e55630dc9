// Does what a plan says: the only place of the operator that writes to the Kubernetes API. Shell.
import { canonicalJson, sha256Hex } from '#core/hash.ts';
import { isContained } from '#core/equality.ts';
import type { ConfigMap, KubeObject, Secret } from '#core/objects.ts';
import { internalSecretName } from '#apis/v1/names.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { annotations, fieldOwner, finalizer, gatewayNamespace, routesConfigMap, routesLabel, xtrinodes } from '#apis/v1/resources.ts';
import { isKubeError, KubeError } from '#kube/errors.ts';
import type { KubeApi, ObjectKey, Resource } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import type { EventRecorder } from '#kube/control/events.ts';
import { internalSecretKey } from '#render/pods.ts';
import { ownerOf, runtimeLabels } from '#render/labels.ts';
import type { Action, OwnedObject } from './plan.ts';

export interface Executor {
  run(runtime: XTrinode, actions: readonly Action[], live: (object: OwnedObject) => KubeObject | undefined): Promise<void>;
}

/** An object that bears a name of ours but belongs to somebody else. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
  readonly object: string;

  constructor(object: string) {
    super(`${object} already exists and is not ours`);
    this.object = object;
  }
}

export interface ExecutorInit {
  readonly api: KubeApi;
  readonly events: EventRecorder;
  /** 64 hex digits nobody can guess. */
  readonly newSecret: () => string;
  readonly onRoutePublished: (key: string, entry: string) => void;
}

const kinds: Readonly<Record<string, Resource>> = {
  ConfigMap: resources.configMaps,
  Service: resources.services,
  ServiceAccount: resources.serviceAccounts,
  Deployment: resources.deployments,
};

function resourceOf(object: KubeObject): Resource {
  const found = kinds[object.kind];
  if (found === undefined) throw new Error(`no resource for kind ${object.kind}`);
  return found;
}

export function keyOfObject({ metadata }: KubeObject): ObjectKey {
  return { name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) };
}

function isOwnedBy(object: KubeObject, runtime: XTrinode): boolean {
  return object.metadata.ownerReferences?.some(({ uid }) => uid === runtime.metadata.uid) === true;
}

/** Adds the hash of what is applied, so that a field we stop applying is noticed as well as one that somebody changed. */
export function withAppliedHash(object: OwnedObject): OwnedObject {
  const hash = sha256Hex(canonicalJson(object), 16);
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotations.appliedHash]: hash } } };
}

export function createExecutor({ api, events, newSecret, onRoutePublished }: ExecutorInit): Executor {
  const ensuredSecrets = new Set<string>();
  const manager = { fieldManager: fieldOwner };

  async function apply(runtime: XTrinode, object: OwnedObject, live: KubeObject | undefined): Promise<void> {
    const wanted = withAppliedHash(object);
    if (live !== undefined && isContained(wanted, live)) return;
    const resource = resourceOf(object);
    if (live === undefined) {
      const existing = await api.get(resource, keyOfObject(object));
      if (existing !== undefined && !isOwnedBy(existing, runtime)) throw new ForeignObjectError(`${object.kind} ${object.metadata.name}`);
    }
    await api.apply(resource, wanted, { ...manager, force: true });
  }

  async function ensureInternalSecret(runtime: XTrinode): Promise<void> {
    const { namespace = 'default', name, uid = '' } = runtime.metadata;
    if (ensuredSecrets.has(uid)) return;
    const secretName = internalSecretName(name);
    const existing = await api.get<Secret>(resources.secrets, { namespace, name: secretName });
    if (existing !== undefined && !isOwnedBy(existing, runtime)) throw new ForeignObjectError(`Secret ${secretName}`);
    if (existing === undefined) {
      const identity = { namespace, name, uid };
      const secret: Secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secretName, namespace, labels: runtimeLabels(name), ownerReferences: ownerOf(identity) },
        type: 'Opaque',
        data: { [internalSecretKey]: btoa(newSecret()) },
      };
      await api.create(resources.secrets, secret, manager);
    }
    ensuredSecrets.add(uid);
  }

  /** One key of the shared table; the ConfigMap is made when it is missing. */
  async function publishRoute(key: string, entry: string): Promise<void> {
    const where = { namespace: gatewayNamespace, name: routesConfigMap };
    try {
      await api.patch(resources.configMaps, where, 'merge', { data: { [key]: entry } }, manager);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      const table: ConfigMap = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...where, labels: { [routesLabel]: 'true' } },
        data: { [key]: entry },
      };
      await api.create(resources.configMaps, table, manager);
    }
    onRoutePublished(key, entry);
  }

  async function setFinalizers(runtime: XTrinode, finalizers: readonly string[]): Promise<void> {
    const { resourceVersion } = runtime.metadata;
    const metadata = { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await api.patch(xtrinodes, keyOfObject(runtime), 'merge', { metadata }, manager);
  }

  async function remove(object: OwnedObject): Promise<void> {
    const { uid } = object.metadata;
    await api.remove(resourceOf(object), keyOfObject(object), { ...(uid === undefined ? {} : { uid }), propagationPolicy: 'Background' });
  }

  async function removeAnnotations(runtime: XTrinode, names: readonly string[]): Promise<void> {
    const gone = Object.fromEntries(names.map((name) => [name, null]));
    await api.patch(xtrinodes, keyOfObject(runtime), 'merge', { metadata: { annotations: gone } }, manager);
  }

  return {
    async run(runtime, actions, live) {
      for (const action of actions) {
        switch (action.do) {
          case 'apply':
            await apply(runtime, action.object, live(action.object));
            break;
          case 'delete':
            await remove(action.object).catch((error: unknown) => {
              // Deleted and made anew by somebody meanwhile: the next pass sees it.
              if (!isKubeError(error, 'Conflict')) throw error;
            });
            break;
          case 'ensure-internal-secret':
            await ensureInternalSecret(runtime);
            break;
          case 'publish-route':
            await publishRoute(action.key, action.entry);
            break;
          case 'remove-annotations':
            await removeAnnotations(runtime, action.names);
            break;
          case 'add-finalizer':
            await setFinalizers(runtime, [...(runtime.metadata.finalizers ?? []), finalizer]);
            break;
          case 'remove-finalizer':
            ensuredSecrets.delete(runtime.metadata.uid ?? '');
            await setFinalizers(
              runtime,
              (runtime.metadata.finalizers ?? []).filter((name) => name !== finalizer),
            );
            break;
          case 'event':
            events.record({ object: runtime, type: action.type, reason: action.reason, message: action.message });
            break;
          default:
            action satisfies never;
        }
      }
    },
  };
}

/** Worth a word to the user beside the retry: what the API server said. */
export function describeFailure(error: unknown): string {
  if (error instanceof KubeError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
