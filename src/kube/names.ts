// From a Service name to addresses without DNS: the ready Pods behind its selector (design D14, `--resolve pods`). Used where
// local Pods have loopback addresses that no cluster DNS knows. Pure functions over caches.
import type { Pod, Service } from '#core/objects.ts';
import type { ReadStore } from './cache/store.ts';

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

export interface NameStores {
  readonly services: Pick<ReadStore<Service>, 'get'>;
  readonly pods: Pick<ReadStore<Pod>, 'list'>;
}

export interface Endpoint {
  readonly ip: string;
  /** Port of the Pod (the Service's targetPort). */
  readonly port: number;
  readonly pod: Pod;
}

/**
 * 'trino-a', 'trino-a.team', 'trino-a.team.svc' and 'trino-a.team.svc.cluster.local' name a Service; anything else is
 * undefined. A bare name belongs to `ownNamespace`.
 */
export function parseServiceHost(host: string, ownNamespace: string | undefined): ServiceName | undefined {
  const match = /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\.([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\.svc(?:\.cluster\.local)?)?)?\.?$/.exec(
    host.toLowerCase(),
  );
  const name = match?.[1];
  const namespace = match?.[2] ?? ownNamespace;
  return name === undefined || namespace === undefined ? undefined : { namespace, name };
}

/** Ready addresses behind a Service, in a stable order; empty when it does not exist, has no selector or nothing is ready. */
export function addressesOf(service: ServiceName, stores: NameStores): readonly string[] {
  return podsBehind(service, stores).flatMap((pod) => (pod.status?.podIP === undefined ? [] : [pod.status.podIP]));
}

/** Like `addressesOf`, with the Pod's port for the Service's port (by name or number; absent: the first). */
export function endpointsOf(service: ServiceName, servicePort: string | number | undefined, stores: NameStores): readonly Endpoint[] {
  const ports = stores.services.get(`${service.namespace}/${service.name}`)?.spec.ports ?? [];
  const port = servicePort === undefined ? ports[0] : ports.find((one) => one.name === servicePort || one.port === servicePort);
  if (port === undefined) return [];
  return podsBehind(service, stores).flatMap((pod) => {
    const ip = pod.status?.podIP;
    const number = podPort(pod, port.targetPort ?? port.port);
    return ip === undefined || number === undefined ? [] : [{ ip, port: number, pod }];
  });
}

/** True when every label of the selector is on the Pod; an empty selector selects nothing, as for a Service. */
export function isSelected(
  labels: Readonly<Record<string, string>> | undefined,
  selector: Readonly<Record<string, string>> | undefined,
): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}

/** The Ready condition is True and nobody has asked the Pod to go. */
export function isPodReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function podsBehind(name: ServiceName, stores: NameStores): readonly Pod[] {
  const service = stores.services.get(`${name.namespace}/${name.name}`);
  if (service === undefined) return [];
  return stores.pods
    .list()
    .filter((pod) => pod.metadata.namespace === name.namespace && isSelected(pod.metadata.labels, service.spec.selector))
    .filter((pod) => isPodReady(pod) || (service.spec.publishNotReadyAddresses === true && isAlive(pod)))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function isAlive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

function podPort(pod: Pod, target: number | string): number | undefined {
  if (typeof target === 'number') return target;
  return pod.spec.containers.flatMap((container) => container.ports ?? []).find((port) => port.name === target)?.containerPort;
}
