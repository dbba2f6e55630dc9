// A Pod of a Trino worker as a real API server lists it: all defaults filled in, managedFields of two writers, 5.7 KB of JSON.
// The number decides what is its own; the rest is what Pods of one Deployment share.
import { createHash } from 'node:crypto';
import type { KubeObject } from '#core/objects.ts';

function owned(...paths: readonly string[]): object {
  const fields: Record<string, unknown> = {};
  for (const path of paths) {
    let at = fields;
    for (const part of path.split(' ')) at = (at[part] ??= {}) as Record<string, unknown>;
  }
  return fields;
}

export function aServerPod(number: number): KubeObject {
  const hash = createHash('sha256').update(String(number)).digest('hex');
  const runtime = `runtime-${number % 500}`;
  const revision = hash.slice(0, 8);
  const replicaSet = `trino-${runtime}-worker-${revision}-7d9f8c6b5d`;
  const uid = (part: string): string => `${revision}-${part}-4222-8333-${hash.slice(8, 20)}`;
  const ip = `10.1.${number % 250}.${Math.floor(number / 250) % 250}`;
  const hostIP = `10.2.0.${number % 200}`;
  const at = '2026-01-01T00:00:30Z';
  const container = 'f:spec f:containers k:{"name":"trino"}';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${replicaSet}-${hash.slice(0, 5)}`,
      generateName: `${replicaSet}-`,
      namespace: `team-${number % 50}`,
      uid: uid('1111'),
      resourceVersion: String(1_000_000 + number),
      creationTimestamp: at,
      labels: {
        'app.kubernetes.io/name': 'trino',
        'app.kubernetes.io/instance': runtime,
        'app.kubernetes.io/component': 'worker',
        'app.kubernetes.io/managed-by': 'xtrinode',
        'xtrinode.io/revision': revision,
        'pod-template-hash': '7d9f8c6b5d',
      },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', 'xtrinode.io/config-hash': hash },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: uid('2222'), controller: true, blockOwnerDeletion: true },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: at,
          fieldsType: 'FieldsV1',
          fieldsV1: owned(
            'f:metadata f:generateName',
            ...['prometheus.io/scrape', 'prometheus.io/port', 'xtrinode.io/config-hash'].map(
              (name) => `f:metadata f:annotations f:${name}`,
            ),
            ...['name', 'instance', 'component', 'managed-by'].map((name) => `f:metadata f:labels f:app.kubernetes.io/${name}`),
            `f:metadata f:ownerReferences k:{"uid":"${uid('2222')}"}`,
            ...['command', 'env', 'image', 'imagePullPolicy', 'lifecycle', 'name', 'terminationMessagePath'].map(
              (name) => `${container} f:${name}`,
            ),
            ...['limits', 'requests'].flatMap((kind) => ['cpu', 'memory'].map((name) => `${container} f:resources f:${kind} f:${name}`)),
            ...['containerPort', 'name', 'protocol'].map(
              (name) => `${container} f:ports k:{"containerPort":8080,"protocol":"TCP"} f:${name}`,
            ),
            ...['/etc/trino', '/data'].flatMap((path) =>
              ['mountPath', 'name'].map((name) => `${container} f:volumeMounts k:{"mountPath":"${path}"} f:${name}`),
            ),
            ...['failureThreshold', 'httpGet', 'initialDelaySeconds', 'periodSeconds'].map(
              (name) => `${container} f:livenessProbe f:${name}`,
            ),
            ...['exec', 'failureThreshold', 'periodSeconds', 'timeoutSeconds'].map((name) => `${container} f:readinessProbe f:${name}`),
            ...[
              'dnsPolicy',
              'enableServiceLinks',
              'restartPolicy',
              'schedulerName',
              'serviceAccountName',
              'terminationGracePeriodSeconds',
            ].map((name) => `f:spec f:${name}`),
            ...['config', 'data'].map((name) => `f:spec f:volumes k:{"name":"${name}"} f:name`),
          ),
        },
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          time: at,
          fieldsType: 'FieldsV1',
          subresource: 'status',
          fieldsV1: owned(
            ...['ContainersReady', 'Initialized', 'PodReadyToStartContainers', 'Ready'].flatMap((type) =>
              ['lastProbeTime', 'lastTransitionTime', 'status', 'type'].map(
                (name) => `f:status f:conditions k:{"type":"${type}"} f:${name}`,
              ),
            ),
            ...['containerStatuses', 'hostIP', 'hostIPs', 'phase', 'podIP', 'startTime'].map((name) => `f:status f:${name}`),
            `f:status f:podIPs k:{"ip":"${ip}"} f:ip`,
          ),
        },
      ],
    },
    spec: {
      volumes: [
        { name: 'config', configMap: { name: `trino-${runtime}-worker-${revision}`, defaultMode: 420 } },
        { name: 'data', emptyDir: {} },
      ],
      containers: [
        {
          name: 'trino',
          image: 'trinodb/trino:483',
          command: ['/usr/lib/trino/bin/run-trino'],
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env: [{ name: 'SHARED_SECRET', valueFrom: { secretKeyRef: { name: `trino-${runtime}-secret`, key: 'shared' } } }],
          resources: { limits: { cpu: '4', memory: '32Gi' }, requests: { cpu: '4', memory: '32Gi' } },
          volumeMounts: [
            { name: 'config', mountPath: '/etc/trino' },
            { name: 'data', mountPath: '/data' },
          ],
          livenessProbe: {
            httpGet: { path: '/v1/info', port: 'http', scheme: 'HTTP' },
            initialDelaySeconds: 30,
            periodSeconds: 10,
            failureThreshold: 6,
          },
          readinessProbe: {
            exec: { command: ['/usr/lib/trino/bin/health-check'] },
            timeoutSeconds: 5,
            periodSeconds: 10,
            failureThreshold: 6,
          },
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
          securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: true, allowPrivilegeEscalation: false },
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 300,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: `trino-${runtime}`,
      serviceAccount: `trino-${runtime}`,
      nodeName: `ip-10-2-0-${number % 200}.eu-west-1.compute.internal`,
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: at,
      })),
      hostIP,
      hostIPs: [{ ip: hostIP }],
      podIP: ip,
      podIPs: [{ ip }],
      startTime: at,
      containerStatuses: [
        {
          name: 'trino',
          state: { running: { startedAt: at } },
          lastState: {},
          ready: true,
          restartCount: 0,
          image: 'docker.io/trinodb/trino:483',
          imageID: `docker.io/trinodb/trino@sha256:${hash}`,
          containerID: `containerd://${hash}`,
          started: true,
        },
      ],
      qosClass: 'Guaranteed',
    },
  } as KubeObject;
}
