// Defaults and checks of the built-in kinds: only what our own parts and kubectl users depend on, not the whole of
// Kubernetes. Rows by kind; metadata is checked in metadata-rules.ts. Pure.
import { forbid, member, required, setDefaults, wrong } from './field-words.ts';
import { asArray, asObject, asText, equalJson, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { checkPodSpec, checkPodUpdate, fillPodSpec, fillRequests, fillPodStatus, prepareNewPod } from './pod-rules.ts';
import type { FieldProblem } from './refusals.ts';

/** Kubernetes: MaxSecretSize and the total size of a ConfigMap, in bytes. */
const MAX_DATA_BYTES = 1024 * 1024;

interface KindRules {
  /** Fills in defaults on a changeable object. */
  fill?(object: JsonObject): void;
  /** Adds to a new object what the server decides and nobody owns. */
  prepare?(object: JsonObject): void;
  check?(object: JsonObject, before: JsonObject | undefined): FieldProblem[];
}

/** As in a cluster of IPv4 alone. No address is given: nothing here would answer at it. */
function fillAddresses(spec: JsonObject): void {
  if (spec['type'] === 'ExternalName') {
    return;
  }
  const isHeadless = spec['clusterIP'] === 'None';
  // nobody says what a headless Service without a selector stands for, so it may be both
  const isOpen = isHeadless && Object.keys(asObject(spec['selector'])).length === 0;
  setDefaults(spec, {
    ...(isHeadless ? { clusterIPs: ['None'] } : {}),
    ipFamilies: isOpen ? ['IPv4', 'IPv6'] : ['IPv4'],
    ipFamilyPolicy: isOpen ? 'RequireDualStack' : 'SingleStack',
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

function labelNamespace(metadata: JsonObject): void {
  member(metadata, 'labels')['kubernetes.io/metadata.name'] = metadata['name'];
}

const RULES: Readonly<Record<string, KindRules>> = {
  Namespace: {
    fill(object) {
      const metadata = member(object, 'metadata');
      // a generated name comes after the defaults
      if (metadata['generateName'] === undefined) {
        labelNamespace(metadata);
      }
      setDefaults(member(object, 'status'), { phase: 'Active' });
    },
    prepare(object) {
      member(object, 'spec')['finalizers'] ??= ['kubernetes'];
      labelNamespace(member(object, 'metadata'));
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
        .forEach((port) => setDefaults(port, { targetPort: port['port'] }));
    },
    prepare: (object) => fillAddresses(member(object, 'spec')),
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
      const spec = member(object, 'spec');
      fillPodSpec(spec);
      fillRequests(spec);
      setDefaults(spec, { enableServiceLinks: true });
      fillPodStatus(member(object, 'status'));
    },
    prepare: prepareNewPod,
    check(object, before) {
      const spec = asObject(object['spec']);
      return [...checkPodSpec(spec, 'spec'), ...(before === undefined ? [] : checkPodUpdate(spec, asObject(before['spec'])))];
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
  NetworkPolicy: {
    fill(object) {
      const spec = member(object, 'spec');
      setDefaults(spec, { policyTypes: spec['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress'] });
    },
  },
  Lease: {
    check(object) {
      const { leaseDurationSeconds, leaseTransitions } = asObject(object['spec']);
      const isBelow = (value: unknown, least: number): boolean => typeof value === 'number' && value < least;
      return [
        ...(isBelow(leaseDurationSeconds, 1) ? [wrong('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')] : []),
        ...(isBelow(leaseTransitions, 0) ? [wrong('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0')] : []),
      ];
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

export function prepareBuiltIn(object: JsonObject): void {
  RULES[asText(object['kind'])]?.prepare?.(object);
}

export function checkBuiltIn(object: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  return RULES[asText(object['kind'])]?.check?.(object, before) ?? [];
}
