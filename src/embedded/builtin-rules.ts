// Defaults and checks of the built-in kinds: only what our own parts and kubectl users depend on, not the whole of
// Kubernetes. Rows by kind; metadata is checked in metadata-rules.ts. Pure.
import { asArray, asObject, asText, equalJson, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';

/** Kubernetes: MaxSecretSize and the total size of a ConfigMap, in bytes. */
const MAX_DATA_BYTES = 1024 * 1024;

interface KindRules {
  /** Fills in defaults on a changeable object. */
  fill?(object: JsonObject): void;
  check?(object: JsonObject, before: JsonObject | undefined): FieldProblem[];
}

function setDefaults(object: JsonObject, defaults: JsonObject): void {
  for (const [name, value] of Object.entries(defaults)) {
    object[name] ??= value;
  }
}

function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  if (isJsonObject(value)) {
    return value;
  }
  const made: JsonObject = {};
  object[name] = made;
  return made;
}

function required(field: string): FieldProblem {
  return { reason: 'FieldValueRequired', field, message: 'Required value' };
}

function wrong(field: string, value: unknown, why: string): FieldProblem {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

function forbid(field: string, why: string): FieldProblem {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

function fillPodSpec(spec: JsonObject): void {
  setDefaults(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  if (typeof spec['serviceAccountName'] === 'string') {
    spec['serviceAccount'] ??= spec['serviceAccountName'];
  }
  for (const container of [...asArray(spec['initContainers']), ...asArray(spec['containers'])].filter(isJsonObject)) {
    const image = asText(container['image']);
    const isLatest = !image.includes('@') && (image.endsWith(':latest') || !/:[^/]+$/.test(image));
    setDefaults(container, {
      imagePullPolicy: isLatest ? 'Always' : 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      resources: {},
    });
    asArray(container['ports'])
      .filter(isJsonObject)
      .forEach((port) => setDefaults(port, { protocol: 'TCP' }));
    for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
      const probe = container[name];
      if (isJsonObject(probe)) {
        setDefaults(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
        if (isJsonObject(probe['httpGet'])) {
          setDefaults(probe['httpGet'], { path: '/', scheme: 'HTTP' });
        }
      }
    }
    asArray(container['env'])
      .map((env) => asObject(asObject(env)['valueFrom'])['fieldRef'])
      .filter(isJsonObject)
      .forEach((reference) => setDefaults(reference, { apiVersion: 'v1' }));
  }
  for (const volume of asArray(spec['volumes']).filter(isJsonObject)) {
    for (const source of ['configMap', 'secret', 'projected']) {
      if (isJsonObject(volume[source])) {
        setDefaults(volume[source], { defaultMode: 420 });
      }
    }
  }
}

function checkPodSpec(spec: JsonObject, path: string): FieldProblem[] {
  const containers = asArray(spec['containers']);
  if (containers.length === 0) {
    return [required(`${path}.containers`)];
  }
  const seen = new Set<string>();
  const volumes = new Set(asArray(spec['volumes']).map((volume) => asText(asObject(volume)['name'])));
  return containers.flatMap((container, at) => {
    const { name, image, volumeMounts } = asObject(container);
    const field = `${path}.containers[${at}]`;
    const problems = [
      ...(name === undefined ? [required(`${field}.name`)] : []),
      ...(image === undefined ? [required(`${field}.image`)] : []),
    ];
    if (seen.has(asText(name))) {
      problems.push({ reason: 'FieldValueDuplicate', field: `${field}.name`, message: `Duplicate value: ${JSON.stringify(name)}` });
    }
    seen.add(asText(name));
    asArray(volumeMounts).forEach((mount, mountAt) => {
      const volume = asText(asObject(mount)['name']);
      if (!volumes.has(volume)) {
        const message = `Not found: ${JSON.stringify(volume)}`;
        problems.push({ reason: 'FieldValueInvalid', field: `${field}.volumeMounts[${mountAt}].name`, message });
      }
    });
    return problems;
  });
}

function checkData(object: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const data = asObject(object['data']);
  let bytes = 0;
  for (const [key, value] of [...Object.entries(data), ...Object.entries(asObject(object['binaryData']))]) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key) || key.length > 253) {
      problems.push(wrong(`data[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"));
    }
    if (typeof value !== 'string') {
      problems.push(wrong(`data[${key}]`, value, 'must be a string'));
    } else {
      bytes += Buffer.byteLength(value);
    }
  }
  // Secrets count their decoded bytes.
  if ((object['kind'] === 'Secret' ? bytes * 0.75 : bytes) > MAX_DATA_BYTES) {
    problems.push({
      reason: 'FieldValueTooLong',
      field: object['kind'] === 'Secret' ? 'data' : '',
      message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes`,
    });
  }
  if (before?.['immutable'] === true) {
    if (object['immutable'] !== true) {
      problems.push(forbid('immutable', 'field is immutable when `immutable` is set'));
    }
    for (const name of ['data', 'binaryData']) {
      if (!equalJson(object[name], before[name])) {
        problems.push(forbid(name, 'field is immutable when `immutable` is set'));
      }
    }
  }
  return problems;
}

const RULES: Readonly<Record<string, KindRules>> = {
  Namespace: {
    fill(object) {
      member(object, 'spec')['finalizers'] ??= ['kubernetes'];
      setDefaults(member(object, 'status'), { phase: 'Active' });
      const metadata = member(object, 'metadata');
      member(metadata, 'labels')['kubernetes.io/metadata.name'] = metadata['name'];
    },
  },
  ConfigMap: { check: checkData },
  Secret: {
    fill(object) {
      object['type'] ??= 'Opaque';
      const plain = object['stringData'];
      delete object['stringData'];
      for (const [key, value] of Object.entries(asObject(plain))) {
        member(object, 'data')[key] = Buffer.from(asText(value)).toString('base64');
      }
    },
    check(object, before) {
      const problems = checkData(object, before);
      for (const [key, value] of Object.entries(asObject(object['data']))) {
        if (typeof value === 'string' && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) {
          problems.push(wrong(`data[${key}]`, '...', 'must be base64; put plain text into stringData'));
        }
      }
      if (before !== undefined && object['type'] !== before['type']) {
        problems.push(wrong('type', object['type'], 'field is immutable'));
      }
      return problems;
    },
  },
  Service: {
    fill(object) {
      const spec = member(object, 'spec');
      setDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' });
      asArray(spec['ports'])
        .filter(isJsonObject)
        .forEach((port) => setDefaults(port, { protocol: 'TCP', targetPort: port['port'] }));
      object['status'] ??= { loadBalancer: {} };
    },
    check(object) {
      const spec = asObject(object['spec']);
      const ports = asArray(spec['ports']);
      if (ports.length === 0 && spec['type'] !== 'ExternalName' && spec['clusterIP'] !== 'None') {
        return [required('spec.ports')];
      }
      return ports.flatMap((port, at) => {
        const number = asObject(port)['port'];
        const isPort = typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 65_536;
        const name = ports.length > 1 && asObject(port)['name'] === undefined ? [required(`spec.ports[${at}].name`)] : [];
        return [...name, ...(isPort ? [] : [wrong(`spec.ports[${at}].port`, number, 'must be between 1 and 65535, inclusive')])];
      });
    },
  },
  Pod: {
    fill(object) {
      fillPodSpec(member(object, 'spec'));
      setDefaults(member(object, 'status'), { phase: 'Pending' });
    },
    check(object, before) {
      const spec = asObject(object['spec']);
      const problems = checkPodSpec(spec, 'spec');
      const oldNode = asObject(before?.['spec'])['nodeName'];
      if (typeof oldNode === 'string' && oldNode !== '' && spec['nodeName'] !== oldNode) {
        problems.push(forbid('spec', 'pod updates may not change a node that is already assigned'));
      }
      return problems;
    },
  },
  Deployment: {
    fill(object) {
      const spec = member(object, 'spec');
      setDefaults(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
      const strategy = member(spec, 'strategy');
      strategy['type'] ??= 'RollingUpdate';
      if (strategy['type'] === 'RollingUpdate') {
        setDefaults(member(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
      }
      const podSpec = asObject(spec['template'])['spec'];
      if (isJsonObject(podSpec)) {
        fillPodSpec(podSpec);
      }
    },
    check(object, before) {
      const spec = asObject(object['spec']);
      const template = asObject(spec['template']);
      const problems = checkPodSpec(asObject(template['spec']), 'spec.template.spec');
      const replicas = spec['replicas'];
      if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
        problems.push(wrong('spec.replicas', replicas, 'must be greater than or equal to 0'));
      }
      if (!isJsonObject(spec['selector'])) {
        problems.push(required('spec.selector'));
      }
      const labels = asObject(asObject(template['metadata'])['labels']);
      const wanted = Object.entries(asObject(asObject(spec['selector'])['matchLabels']));
      if (wanted.some(([key, value]) => labels[key] !== value)) {
        problems.push(wrong('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
      }
      if (before !== undefined && !equalJson(asObject(before['spec'])['selector'], spec['selector'])) {
        problems.push(wrong('spec.selector', spec['selector'], 'field is immutable'));
      }
      return problems;
    },
  },
  Lease: {
    check(object) {
      const { leaseDurationSeconds } = asObject(object['spec']);
      return typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0
        ? [wrong('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')]
        : [];
    },
  },
  Event: {
    check(object) {
      return isJsonObject(object['involvedObject']) ? [] : [required('involvedObject')];
    },
  },
};

export function fillBuiltIn(object: JsonObject): void {
  RULES[asText(object['kind'])]?.fill?.(object);
}

export function checkBuiltIn(object: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  return RULES[asText(object['kind'])]?.check?.(object, before) ?? [];
}
