// Deployments of coordinator and workers of one revision. Pure. Sources: reference-operator 3.4, design D2 and D12.
import type { Deployment, EnvVar, PodSpec, Probe } from '#core/objects.ts';
import { catalogConfigMapName, internalSecretName, roleName, serviceAccountName, type Role } from '#apis/v1/names.ts';
import type { SecretReference } from '#trino/connectors.ts';
import { httpPort, sharedSecretVariable } from './config.ts';
import { ownerOf, roleLabels, type RuntimeIdentity } from './labels.ts';
import type { RuntimeShape } from './shape.ts';

export const containerNames: Readonly<Record<Role, string>> = { coordinator: 'trino-coordinator', worker: 'trino-worker' };
export const internalSecretKey = 'shared-secret';
export const spoolingSecretKey = 'shared-secret-key';

export interface PodInput {
  readonly runtime: RuntimeIdentity;
  readonly shape: RuntimeShape;
  readonly revision: string;
  readonly secretEnvironment: ReadonlyMap<string, SecretReference>;
}

/**
 * The image's own check: `starting` is false, so a Service announces no coordinator that would still answer 503. Whether a query
 * runs is another question, which the operator proves (design D16).
 */
const isStarted = { exec: { command: ['/usr/lib/trino/bin/health-check'] } };

const probes: Readonly<Record<'startupProbe' | 'readinessProbe' | 'livenessProbe', Probe>> = {
  startupProbe: { ...isStarted, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 300, successThreshold: 1 },
  readinessProbe: { ...isStarted, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 6, successThreshold: 1 },
  livenessProbe: {
    httpGet: { path: '/v1/info', port: 'http' },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
    successThreshold: 1,
  },
};

function environment(input: PodInput): EnvVar[] {
  const secrets = [...input.secretEnvironment].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: sharedSecretVariable, valueFrom: { secretKeyRef: { name: internalSecretName(input.runtime.name), key: internalSecretKey } } },
    ...secrets.map(([name, { secretName, key, optional }]) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName, key, ...(optional ? { optional } : {}) } },
    })),
  ];
}

export function renderPodSpec(input: PodInput, role: Role): PodSpec {
  const { runtime, shape, revision } = input;
  return {
    serviceAccountName: serviceAccountName(runtime.name),
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: role === 'coordinator' ? 60 : 120,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: containerNames[role],
        image: shape.image,
        imagePullPolicy: 'IfNotPresent',
        env: environment(input),
        ports: [{ name: 'http', containerPort: httpPort, protocol: 'TCP' }],
        resources: shape[role].resources,
        ...probes,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/trino', readOnly: true },
          { name: 'catalogs', mountPath: '/etc/trino/catalog', readOnly: true },
          { name: 'data', mountPath: '/data/trino' },
        ],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: roleName(runtime.name, role, revision) } },
      { name: 'catalogs', configMap: { name: catalogConfigMapName(runtime.name, revision) } },
      { name: 'data', emptyDir: {} },
    ],
  };
}

/** `replicas` is the only field here that may change within a revision. */
export function renderDeployment(input: PodInput, role: Role, replicas: number): Deployment {
  const { runtime, revision } = input;
  const labels = roleLabels(runtime.name, revision, role);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: roleName(runtime.name, role, revision), namespace: runtime.namespace, labels, ownerReferences: ownerOf(runtime) },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      // Two coordinators of one revision must never run at once.
      strategy: { type: 'Recreate' },
      revisionHistoryLimit: 0,
      template: { metadata: { labels }, spec: renderPodSpec(input, role) },
    },
  };
}
