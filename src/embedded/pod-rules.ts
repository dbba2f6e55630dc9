// Pods, alone and in the template of a Deployment: their defaults, what the server adds to a new one, and what must be there.
// Pure; only what our own parts and kubectl users depend on.
import { forbid, member, required, setDefaults } from './field-words.ts';
import { asArray, asObject, asText, equalJson, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';

export function fillPodSpec(spec: JsonObject): void {
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
    });
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

/** Who says the most of something asks for as much. Of Pods only, not of their templates. */
export function fillRequests(spec: JsonObject): void {
  for (const container of [...asArray(spec['initContainers']), ...asArray(spec['containers'])].filter(isJsonObject)) {
    const { limits } = asObject(container['resources']);
    if (isJsonObject(limits) && Object.keys(limits).length > 0) {
      setDefaults(member(member(container, 'resources'), 'requests'), limits);
    }
  }
}

/** Both forms of the addresses say the same. */
export function fillPodStatus(status: JsonObject): void {
  setDefaults(status, { phase: 'Pending' });
  for (const [one, all] of [
    ['podIP', 'podIPs'],
    ['hostIP', 'hostIPs'],
  ] as const) {
    if (asText(status[one]) !== '') {
      setDefaults(status, { [all]: [{ ip: status[one] }] });
    }
  }
}

/** What a real API server adds to a new Pod on its own account. */
export function prepareNewPod(object: JsonObject): void {
  const spec = member(object, 'spec');
  setDefaults(spec, { preemptionPolicy: 'PreemptLowerPriority', priority: 0 });
  spec['tolerations'] = withNodeTolerations(asArray(spec['tolerations']));
  setDefaults(member(object, 'status'), { phase: 'Pending', qosClass: qosClassOf(spec) });
}

/** So that it outlives a short absence of its node. */
function withNodeTolerations(tolerations: readonly unknown[]): unknown[] {
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter((key) => !tolerations.some((one) => isTolerating(asObject(one), key)))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));
  return [...tolerations, ...added];
}

function isTolerating({ key, effect }: JsonObject, taint: string): boolean {
  return (key === taint || asText(key) === '') && (effect === 'NoExecute' || asText(effect) === '');
}

/** Kubernetes: "Pod Quality of Service Classes". */
function qosClassOf(spec: JsonObject): string {
  const resources = [...asArray(spec['initContainers']), ...asArray(spec['containers'])].map((one) => asObject(asObject(one)['resources']));
  const isSet = (value: unknown, name: string): boolean => asObject(value)[name] !== undefined;
  const names = ['cpu', 'memory'];
  if (!resources.some(({ requests, limits }) => names.some((name) => isSet(requests, name) || isSet(limits, name)))) {
    return 'BestEffort';
  }
  const isGuaranteed = resources.every(({ requests, limits }) =>
    names.every((name) => isSet(limits, name) && (!isSet(requests, name) || asObject(requests)[name] === asObject(limits)[name])),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

export function checkPodSpec(spec: JsonObject, path: string): FieldProblem[] {
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
      ...(asText(name) === '' ? [required(`${field}.name`)] : []),
      ...(asText(image) === '' ? [required(`${field}.image`)] : []),
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

const ONLY_THESE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was' +
  ' previously negative)';

/** Hardly anything of a Pod may change. An unbound one may get its node, which is how the scheduler here binds it. */
export function checkPodUpdate(spec: JsonObject, before: JsonObject): FieldProblem[] {
  for (const list of ['containers', 'initContainers']) {
    if (asArray(spec[list]).length !== asArray(before[list]).length) {
      return [forbid(`spec.${list}`, `pod updates may not add or remove ${list === 'containers' ? '' : 'init '}containers`)];
    }
  }
  const tolerations = asArray(spec['tolerations']);
  const isShorter = asArray(before['tolerations']).some((old) => !tolerations.some((one) => equalJson(one, old)));
  return isShorter || !equalJson(fixedPart(spec, before), fixedPart(before, before)) ? [forbid('spec', ONLY_THESE)] : [];
}

function fixedPart(spec: JsonObject, before: JsonObject): JsonObject {
  const withoutImage = (container: unknown): unknown => ({ ...asObject(container), image: '' });
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...fixed } = spec;
  return {
    ...fixed,
    containers: asArray(spec['containers']).map(withoutImage),
    initContainers: asArray(spec['initContainers']).map(withoutImage),
    ...(asText(before['nodeName']) === '' ? { nodeName: '' } : {}),
  };
}
