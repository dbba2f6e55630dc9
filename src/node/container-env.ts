// The environment of a container from its spec. Pure. Source: Kubernetes API reference 1.36, EnvVar and EnvVarSource.
import type { Container, EnvVar, Pod } from '#core/objects.ts';
import { MissingSource, type PodSources } from './pod-sources.ts';

export interface EnvContext {
  readonly pod: Pod;
  readonly podIP: string;
  readonly nodeName: string;
  readonly sources: PodSources;
}

/** `envFrom` first, then `env` in order, later ones win. Throws MissingSource naming the object or key that is not there. */
export function buildContainerEnv(container: Container, context: EnvContext): Record<string, string> {
  const env: Record<string, string> = {};
  for (const from of container.envFrom ?? []) {
    const prefix = from.prefix ?? '';
    if (from.configMapRef !== undefined) {
      const { name, optional } = from.configMapRef;
      const data = context.sources.configMaps.get(name)?.data;
      if (data === undefined && !context.sources.configMaps.has(name) && optional !== true)
        throw new MissingSource(`configmap "${name}" not found`);
      for (const [key, value] of Object.entries(data ?? {})) env[prefix + key] = value;
    }
    if (from.secretRef !== undefined) {
      const { name, optional } = from.secretRef;
      const secret = context.sources.secrets.get(name);
      if (secret === undefined && optional !== true) throw new MissingSource(`secret "${name}" not found`);
      for (const [key, value] of Object.entries(secret?.data ?? {})) env[prefix + key] = decode(value);
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, env, context);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** `$(NAME)` becomes the value of a variable defined before it; `$$(NAME)` is the text `$(NAME)`; unknown names stay. Pure. */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]+)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(env, name) ? (env[name] ?? '') : whole;
  });
}

function valueOf(variable: EnvVar, env: Readonly<Record<string, string>>, context: EnvContext): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return expandVariables(variable.value ?? '', env);
  if (from.fieldRef !== undefined) return fieldOf(from.fieldRef.fieldPath, context);
  if (from.configMapKeyRef !== undefined) {
    const { name, key, optional } = from.configMapKeyRef;
    const configMap = context.sources.configMaps.get(name);
    return found(
      configMap?.data?.[key],
      optional,
      configMap === undefined ? `configmap "${name}" not found` : `couldn't find key ${key} in ConfigMap ${name}`,
    );
  }
  if (from.secretKeyRef !== undefined) {
    const { name, key, optional } = from.secretKeyRef;
    const secret = context.sources.secrets.get(name);
    const value = secret?.data?.[key];
    return found(
      value === undefined ? undefined : decode(value),
      optional,
      secret === undefined ? `secret "${name}" not found` : `couldn't find key ${key} in Secret ${name}`,
    );
  }
  throw new MissingSource(
    `the process node cannot fill the variable ${variable.name}: it knows fieldRef, configMapKeyRef and secretKeyRef`,
  );
}

function found(value: string | undefined, optional: boolean | undefined, otherwise: string): string | undefined {
  if (value === undefined && optional !== true) throw new MissingSource(otherwise);
  return value;
}

function fieldOf(path: string, { pod, podIP, nodeName }: EnvContext): string {
  const labelled = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (labelled !== null) return pod.metadata[labelled[1] as 'labels' | 'annotations']?.[labelled[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'spec.nodeName':
      return nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return podIP;
    case 'status.hostIP':
      return '127.0.0.1';
    default:
      throw new MissingSource(`the process node does not know the field ${path}`);
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
