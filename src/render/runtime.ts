// Lists every Kubernetes object of one runtime at one revision, and makes the revision. Pure (design D2, section 3).
import { canonicalJson, sha256Hex } from '#core/hash.ts';
import type { ConfigMap, Deployment, KubeObject, Service } from '#core/objects.ts';
import {
  catalogConfigMapName,
  revisionServiceName,
  roleName,
  serviceAccountName,
  serviceName,
  spoolingSecretName,
  type Role,
} from '#apis/v1/names.ts';
import type { XTrinodeSpec } from '#apis/v1/objects.ts';
import type { RenderedCatalog, SecretReference } from '#trino/connectors.ts';
import { spoolingEnvironment } from '#trino/spooling.ts';
import { httpPort, renderRoleFiles, revisionPlaceholder, type ConfigInput } from './config.ts';
import { componentLabel, ownerOf, revisionLabels, roleLabels, runtimeLabels, type RuntimeIdentity } from './labels.ts';
import { renderDeployment, renderPodSpec, spoolingSecretKey, type PodInput } from './pods.ts';
import { resolveShape, type RuntimeShape } from './shape.ts';

/** Part of every revision: raised when what we render changes in a way that needs a restart. */
const renderVersion = 1;

const roles: readonly Role[] = ['coordinator', 'worker'];

export interface RenderInput {
  readonly runtime: RuntimeIdentity;
  readonly spec: XTrinodeSpec;
  /** By Trino catalog name, in any order. */
  readonly catalogs: ReadonlyMap<string, RenderedCatalog>;
}

export interface RenderedRuntime {
  readonly revision: string;
  readonly shape: RuntimeShape;
  readonly catalogNames: readonly string[];
  /** Everything of the revision but its Deployments; immutable. */
  readonly fixed: readonly (ConfigMap | Service)[];
  /** Deployments of the revision with these numbers of replicas. */
  deployments(replicas: Readonly<Record<Role, number>>): readonly Deployment[];
}

function secretEnvironment({ runtime, spec, catalogs }: RenderInput): Map<string, SecretReference> {
  const key = { secretName: spoolingSecretName(runtime.name), key: spoolingSecretKey, optional: false };
  const spooling = spec.spooling === undefined ? [] : spoolingEnvironment(spec.spooling, key);
  return new Map([...[...catalogs.values()].flatMap(({ environment }) => [...environment]), ...spooling]);
}

function catalogFiles(catalogs: RenderInput['catalogs']): Record<string, string> {
  return Object.fromEntries([...catalogs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { text }]) => [`${name}.properties`, text]));
}

/** Eight hex digits over all that needs a restart. The number of workers is not in it, nor anything that follows from it. */
function revisionOf(config: ConfigInput, pods: Omit<PodInput, 'revision'>, catalogs: Record<string, string>): string {
  const withPlaceholder = { ...pods, revision: revisionPlaceholder };
  const content = roles.map((role) => [renderRoleFiles(config, role, revisionPlaceholder), renderPodSpec(withPlaceholder, role)]);
  return sha256Hex(canonicalJson([renderVersion, content, catalogs]), 8);
}

function configMap(runtime: RuntimeIdentity, name: string, labels: Record<string, string>, data: Record<string, string>): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: runtime.namespace, labels, ownerReferences: ownerOf(runtime) },
    immutable: true,
    // An API server drops an empty map, and what it drops would look changed by somebody at every start.
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

function service(runtime: RuntimeIdentity, name: string, revision: string, labels: Record<string, string>): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: runtime.namespace,
      labels: { ...labels, [componentLabel]: 'coordinator' },
      ownerReferences: ownerOf(runtime),
    },
    spec: {
      type: 'ClusterIP',
      selector: roleLabels(runtime.name, revision, 'coordinator'),
      ports: [{ name: 'http', port: httpPort, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

/** Stable Service: points at the serving revision, so it is patched in place when the route flips. */
export function renderStableService(runtime: RuntimeIdentity, servingRevision: string): Service {
  return service(runtime, serviceName(runtime.name), servingRevision, runtimeLabels(runtime.name));
}

export function renderServiceAccount(runtime: RuntimeIdentity): KubeObject & { readonly automountServiceAccountToken: boolean } {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: serviceAccountName(runtime.name),
      namespace: runtime.namespace,
      labels: runtimeLabels(runtime.name),
      ownerReferences: ownerOf(runtime),
    },
    automountServiceAccountToken: false,
  };
}

export function renderRuntime(input: RenderInput): RenderedRuntime {
  const { runtime, spec, catalogs } = input;
  const shape = resolveShape(spec);
  const config: ConfigInput = { runtimeName: runtime.name, spec, shape };
  const files = catalogFiles(catalogs);
  const pods = { runtime, shape, secretEnvironment: secretEnvironment(input) };
  const revision = revisionOf(config, pods, files);
  const labels = revisionLabels(runtime.name, revision);
  // Only a coordinator that answers is announced: a worker that asks for the name earlier waits for its first address instead
  // of being refused and coming back 5 s later.
  const revisionService = service(runtime, revisionServiceName(runtime.name, revision), revision, labels);
  return {
    revision,
    shape,
    catalogNames: [...catalogs.keys()].sort(),
    fixed: [
      ...roles.map((role) =>
        configMap(
          runtime,
          roleName(runtime.name, role, revision),
          roleLabels(runtime.name, revision, role),
          renderRoleFiles(config, role, revision),
        ),
      ),
      configMap(runtime, catalogConfigMapName(runtime.name, revision), labels, files),
      revisionService,
    ],
    deployments: (replicas) => roles.map((role) => renderDeployment({ ...pods, revision }, role, replicas[role])),
  };
}
