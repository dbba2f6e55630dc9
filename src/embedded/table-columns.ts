// Columns of `kubectl get` for the built-in kinds. A table of rows; how a Table is made of them is in tables.ts.
import type { Container, CoreEvent, Deployment, Lease, Node, Pod, PodStatus, Service } from '#core/objects.ts';
import type { KubeObject } from '#core/objects.ts';
import { formatLabelSelector, requirementsOf } from '#core/selector.ts';
import { asArray, asObject, asText, valueAt } from './json-values.ts';

export interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  /** 0 is always shown, 1 only with -o wide. */
  readonly priority?: number;
  readonly read: (object: KubeObject, ageOf: (time: string | undefined) => string) => unknown;
}

const NONE = '<none>';
const UNKNOWN = '<unknown>';
const wide = 1;

const name: Column = { name: 'Name', format: 'name', read: ({ metadata }) => metadata.name };
const age: Column = { name: 'Age', read: ({ metadata }, ageOf) => ageOf(metadata.creationTimestamp) };

function count(value: unknown): number {
  return Object.keys(asObject(value)).length;
}

function restartsOf(status: PodStatus | undefined): number {
  return (status?.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0);
}

/** What `kubectl get pods` calls STATUS: the phase, or the reason that matters more. */
function podStatus({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) {
    return 'Terminating';
  }
  let text = status?.reason ?? status?.phase ?? 'Pending';
  for (const container of status?.containerStatuses ?? []) {
    const { waiting, terminated } = container.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== '') {
      text = waiting.reason;
    } else if (terminated !== undefined) {
      text = terminated.reason ?? (terminated.signal === undefined ? `ExitCode:${terminated.exitCode}` : `Signal:${terminated.signal}`);
    }
  }
  return text;
}

function lastRestart({ status }: Pod, ageOf: (time: string | undefined) => string): string {
  const times = (status?.containerStatuses ?? []).map((one) => one.lastState?.terminated?.finishedAt ?? '').filter((time) => time !== '');
  const last = times.sort().at(-1);
  return last === undefined ? '' : ` (${ageOf(last)} ago)`;
}

function containers(object: KubeObject): readonly Container[] {
  return asArray(valueAt(object, ['spec', 'template', 'spec', 'containers'])) as readonly Container[];
}

function selectorText(value: unknown): string {
  return value === undefined ? NONE : formatLabelSelector(requirementsOf(asObject(value))) || NONE;
}

const pods: readonly Column[] = [
  name,
  {
    name: 'Ready',
    read: (object) => {
      const { spec, status } = object as Pod;
      return `${(status?.containerStatuses ?? []).filter(({ ready }) => ready).length}/${spec.containers.length}`;
    },
  },
  { name: 'Status', read: (object) => podStatus(object as Pod) },
  { name: 'Restarts', read: (object, ageOf) => `${restartsOf((object as Pod).status)}${lastRestart(object as Pod, ageOf)}` },
  age,
  { name: 'IP', priority: wide, read: (object) => (object as Pod).status?.podIP ?? NONE },
  { name: 'Node', priority: wide, read: (object) => (object as Pod).spec.nodeName ?? NONE },
  { name: 'Nominated Node', priority: wide, read: () => NONE },
  { name: 'Readiness Gates', priority: wide, read: () => NONE },
];

const deployments: readonly Column[] = [
  name,
  { name: 'Ready', read: (object) => `${(object as Deployment).status?.readyReplicas ?? 0}/${(object as Deployment).spec.replicas ?? 1}` },
  { name: 'Up-to-date', read: (object) => (object as Deployment).status?.updatedReplicas ?? 0 },
  { name: 'Available', read: (object) => (object as Deployment).status?.availableReplicas ?? 0 },
  age,
  {
    name: 'Containers',
    priority: wide,
    read: (object) =>
      containers(object)
        .map((one) => one.name)
        .join(','),
  },
  {
    name: 'Images',
    priority: wide,
    read: (object) =>
      containers(object)
        .map((one) => one.image ?? '')
        .join(','),
  },
  { name: 'Selector', priority: wide, read: (object) => selectorText((object as Deployment).spec.selector) },
];

const services: readonly Column[] = [
  name,
  { name: 'Type', read: (object) => (object as Service).spec.type ?? 'ClusterIP' },
  { name: 'Cluster-IP', read: (object) => (object as Service).spec.clusterIP ?? NONE },
  { name: 'External-IP', read: () => NONE },
  {
    name: 'Port(s)',
    read: (object) => ((object as Service).spec.ports ?? []).map(({ port, protocol }) => `${port}/${protocol ?? 'TCP'}`).join(',') || NONE,
  },
  age,
  { name: 'Selector', priority: wide, read: (object) => selectorText({ matchLabels: (object as Service).spec.selector ?? {} }) },
];

/** With the architecture, where it is known. */
function kernel(object: KubeObject): string {
  const { kernelVersion = '', architecture = '' } = (object as Node).status?.nodeInfo ?? {};
  return kernelVersion === '' ? UNKNOWN : architecture === '' ? kernelVersion : `${kernelVersion} (${architecture})`;
}

const nodes: readonly Column[] = [
  name,
  {
    name: 'Status',
    read: (object) => {
      const { spec, status } = object as Node;
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      const text = ready === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady';
      return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
    },
  },
  {
    name: 'Roles',
    read: ({ metadata }) =>
      Object.keys(metadata.labels ?? {})
        .filter((label) => label.startsWith('node-role.kubernetes.io/'))
        .map((label) => label.slice('node-role.kubernetes.io/'.length))
        .join(',') || NONE,
  },
  age,
  { name: 'Version', read: (object) => (object as Node).status?.nodeInfo?.['kubeletVersion'] ?? '' },
  {
    name: 'Internal-IP',
    priority: wide,
    read: (object) => (object as Node).status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? NONE,
  },
  {
    name: 'External-IP',
    priority: wide,
    read: (object) => (object as Node).status?.addresses?.find(({ type }) => type === 'ExternalIP')?.address ?? NONE,
  },
  { name: 'OS-Image', priority: wide, read: (object) => (object as Node).status?.nodeInfo?.['osImage'] || UNKNOWN },
  { name: 'Kernel-Version', priority: wide, read: kernel },
  {
    name: 'Container-Runtime',
    priority: wide,
    read: (object) => (object as Node).status?.nodeInfo?.['containerRuntimeVersion'] || UNKNOWN,
  },
];

/** Who saw it, and where. */
function sourceOf({ source, reportingComponent = '' }: CoreEvent): string {
  const { component = reportingComponent, host = '' } = source ?? {};
  return host === '' ? component : `${component}, ${host}`;
}

const events: readonly Column[] = [
  {
    name: 'Last Seen',
    read: (object, ageOf) =>
      ageOf((object as CoreEvent).lastTimestamp ?? asText(valueAt(object, ['eventTime'])) ?? object.metadata.creationTimestamp),
  },
  { name: 'Type', read: (object) => (object as CoreEvent).type },
  { name: 'Reason', read: (object) => (object as CoreEvent).reason },
  {
    name: 'Object',
    read: (object) => `${(object as CoreEvent).involvedObject.kind.toLowerCase()}/${(object as CoreEvent).involvedObject.name}`,
  },
  { name: 'Subobject', priority: wide, read: (object) => asText(valueAt(object, ['involvedObject', 'fieldPath'])) },
  { name: 'Source', priority: wide, read: (object) => sourceOf(object as CoreEvent) },
  { name: 'Message', read: (object) => (object as CoreEvent).message },
  { name: 'First Seen', priority: wide, read: (object, ageOf) => ageOf((object as CoreEvent).firstTimestamp) },
  { name: 'Count', priority: wide, read: (object) => (object as CoreEvent).count ?? 1 },
  { ...name, priority: wide },
];

/** A number or a percentage. */
function limitText(limit: unknown): string {
  return typeof limit === 'number' || typeof limit === 'string' ? `${limit}` : 'N/A';
}

const BY_KIND: Readonly<Record<string, readonly Column[]>> = {
  Pod: pods,
  Deployment: deployments,
  Service: services,
  Node: nodes,
  Event: events,
  Namespace: [name, { name: 'Status', read: (object) => asText(valueAt(object, ['status', 'phase'])) }, age],
  ConfigMap: [name, { name: 'Data', read: (object) => count(valueAt(object, ['data'])) + count(valueAt(object, ['binaryData'])) }, age],
  Secret: [
    name,
    { name: 'Type', read: (object) => asText(valueAt(object, ['type'])) },
    { name: 'Data', read: (object) => count(valueAt(object, ['data'])) },
    age,
  ],
  ServiceAccount: [name, { name: 'Secrets', type: 'integer', read: (object) => asArray(valueAt(object, ['secrets'])).length }, age],
  Lease: [name, { name: 'Holder', read: (object) => (object as Lease).spec.holderIdentity ?? '' }, age],
  PodDisruptionBudget: [
    name,
    { name: 'Min Available', read: (object) => limitText(valueAt(object, ['spec', 'minAvailable'])) },
    { name: 'Max Unavailable', read: (object) => limitText(valueAt(object, ['spec', 'maxUnavailable'])) },
    { name: 'Allowed Disruptions', type: 'integer', read: (object) => valueAt(object, ['status', 'disruptionsAllowed']) ?? 0 },
    age,
  ],
  NetworkPolicy: [name, { name: 'Pod-Selector', read: (object) => selectorText(valueAt(object, ['spec', 'podSelector'])) }, age],
  CustomResourceDefinition: [name, { name: 'Created At', type: 'date', read: ({ metadata }) => metadata.creationTimestamp ?? '' }],
};

/** Kinds without a row of their own show name and age. */
export function builtInColumns(kind: string): readonly Column[] {
  return BY_KIND[kind] ?? [name, age];
}
