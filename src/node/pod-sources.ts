// Which ConfigMaps and Secrets a Pod needs, and reading them. What is missing is an answer, not an error: the Pod waits.
import type { ConfigMap, Container, Pod, Secret } from '#core/objects.ts';
import { aborted } from '#core/pause.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import { configMaps, secrets } from '#kube/resources.ts';

export interface PodSources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** The Pod cannot be prepared as things are; the message is for its status. */
export class MissingSource extends Error {
  override readonly name = 'MissingSource';
}

interface SourceNames {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** Names the Pod refers to in its volumes and in the container's environment. Pure. */
export function listSourceNames(pod: Pod, container: Container): SourceNames {
  const found = { configMaps: new Set<string>(), secrets: new Set<string>() };
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.configMap !== undefined) found.configMaps.add(volume.configMap.name);
    if (volume.secret !== undefined) found.secrets.add(volume.secret.secretName);
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap !== undefined) found.configMaps.add(source.configMap.name);
      if (source.secret !== undefined) found.secrets.add(source.secret.name);
    }
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef !== undefined) found.configMaps.add(valueFrom.configMapKeyRef.name);
    if (valueFrom?.secretKeyRef !== undefined) found.secrets.add(valueFrom.secretKeyRef.name);
  }
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef !== undefined) found.configMaps.add(configMapRef.name);
    if (secretRef !== undefined) found.secrets.add(secretRef.name);
  }
  return found;
}

/** Reads them all afresh; absent ones are absent from the maps. */
export async function readSources(api: KubeApi, namespace: string, names: SourceNames, signal: AbortSignal): Promise<PodSources> {
  const read = async <T extends ConfigMap | Secret>(resource: Resource, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, T>> => {
    const found = new Map<string, T>();
    for (const name of wanted) {
      const object = await api.get<T>(resource, { namespace, name }, { signal });
      if (object !== undefined) found.set(name, object);
    }
    return found;
  };
  return { configMaps: await read<ConfigMap>(configMaps, names.configMaps), secrets: await read<Secret>(secrets, names.secrets) };
}

/** Fulfilled when one of the sources is other than it was read, or when `signal` aborts. */
export async function sourcesChanged(
  api: KubeApi,
  namespace: string,
  names: SourceNames,
  seen: PodSources,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const follow = async (resource: Resource, name: string, version: string | undefined): Promise<void> => {
    const where = { namespace, fieldSelector: `metadata.name=${name}` };
    for await (const event of api.watch(resource, where, { signal: either })) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED' || event.object.metadata.resourceVersion !== version) return;
    }
  };
  const watches = [
    ...[...names.configMaps].map((name) => follow(configMaps, name, seen.configMaps.get(name)?.metadata.resourceVersion)),
    ...[...names.secrets].map((name) => follow(secrets, name, seen.secrets.get(name)?.metadata.resourceVersion)),
  ];
  try {
    await Promise.race([aborted(signal), ...watches]); // a Pod that names no source waits for its end only
  } finally {
    done.abort();
    await Promise.allSettled(watches);
  }
}
