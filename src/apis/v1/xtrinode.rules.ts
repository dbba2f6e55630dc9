// Rules on an XTrinode, for those who cannot rely on the CRD: the operator asks them of every spec before it acts on one, and
// webhooks of every change, so that a CRD of another release, or none of our rules in it, does no harm. The same rules stand
// in the CRD as CEL; a test holds both to the same samples. Pure; throws nothing, whatever it is given.
import { isDuration, parseDuration } from '#core/duration.ts';
import { compareQuantities, isQuantity } from '#core/quantity.ts';
import { sizeNames } from './sizes.ts';
import { findSpoolingProblems } from './spooling.rules.ts';
import * as forms from './text-forms.ts';

const { durationBounds, durationWords, formWords } = forms;

export interface FieldProblem {
  /** Path from the object's root. */
  readonly field: string;
  readonly value?: unknown;
  readonly message: string;
}

type Members = Readonly<Record<string, unknown>>;

const withoutEffect = [
  'wakeMinWorkers', 'wakeTTL', 'placement', 'nodePool', 'operatorNodePoolDefaults', 'resourceGroupsProfile', 'customConfigMaps', 'trinoControlAuth',
  'faultTolerantExecution', 'keda', 'tls', 'helmChartConfig', 'rolloutPolicy', 'valuesOverlay',
] as const; // prettier-ignore

const withoutEffectBelow = ['limits.hardConcurrencyPerGroup', 'limits.maxQueuedPerGroup', 'limits.session.maxTotalMemoryPerNode'] as const;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(spec: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isMembers(value) ? value[key] : undefined), spec);
}

/** Known fields of the reference that are set but change nothing here yet, as paths below spec. */
export function findIgnoredFields(spec: unknown): string[] {
  return [...withoutEffect, ...withoutEffectBelow].filter((path) => valueAt(spec, path) !== undefined).map((path) => `spec.${path}`);
}

const formedTexts = (
  [
    ['version', forms.versionPattern, formWords.version],
    ['image', forms.imagePattern, formWords.image],
    ['limits.session.maxQueryMemory', forms.dataSizePattern, formWords.dataSize],
    ['routing.routingGroup', forms.routingGroupPattern, formWords.routingGroup],
    ['routing.header', forms.headerPattern, formWords.header],
    ['routing.hostname', forms.hostPattern, formWords.host],
    ['routing.hostnameDomain', forms.hostPattern, formWords.host],
  ] as const
).map(([path, pattern, message]) => ({ path, form: new RegExp(pattern, 'u'), message }));

function textProblems(spec: Members): FieldProblem[] {
  return formedTexts.flatMap(({ path, form, message }) => {
    const value = valueAt(spec, path);
    const isWell = value === undefined || (typeof value === 'string' && form.test(value));
    return isWell ? [] : [{ field: `spec.${path}`, value, message }];
  });
}

const namespaceForm = new RegExp(forms.namespacePattern, 'u');
const durationForm = new RegExp(forms.durationPattern, 'u');

function isWithin(value: unknown, { least, most, orNever = false }: forms.DurationBounds): boolean {
  if (typeof value !== 'string') return false;
  if (orNever && value === 'never') return true;
  if (!durationForm.test(value) || !isDuration(value)) return false;
  const ms = parseDuration(value);
  return ms >= parseDuration(least) && ms <= parseDuration(most);
}

function durationProblems(spec: Members): FieldProblem[] {
  return Object.entries(durationBounds).flatMap(([name, bounds]) => {
    const value = spec[name];
    return value === undefined || isWithin(value, bounds) ? [] : [{ field: `spec.${name}`, value, message: durationWords(bounds) }];
  });
}

const counts = ['workers', 'maxWorkers', 'minWorkers', 'wakeMinWorkers'] as const;

function countProblems(spec: Members): FieldProblem[] {
  const wrong = counts.flatMap((name) => {
    const value = spec[name];
    const isWell = value === undefined || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= forms.mostWorkers);
    return isWell ? [] : [{ field: `spec.${name}`, value, message: `must be a whole number from 0 to ${forms.mostWorkers}` }];
  });
  const { maxWorkers } = spec;
  const above = (['minWorkers', 'wakeMinWorkers'] as const).flatMap((name) => {
    const value = spec[name];
    if (typeof value !== 'number' || typeof maxWorkers !== 'number' || value <= maxWorkers) return [];
    return [{ field: `spec.${name}`, value, message: `must not exceed maxWorkers ${maxWorkers}: lower it or raise maxWorkers` }];
  });
  return [...wrong, ...above];
}

function quantitiesOf(resources: unknown, list: string): Members {
  const found = valueAt(resources, list);
  return isMembers(found) ? found : {};
}

function readable(value: unknown): string | undefined {
  return (typeof value === 'string' || Number.isInteger(value)) && isQuantity(String(value)) ? String(value) : undefined;
}

const leastMemory = '512Mi';

function roleProblems(resources: unknown, field: string): FieldProblem[] {
  const [requests, limits] = [quantitiesOf(resources, 'requests'), quantitiesOf(resources, 'limits')];
  const each = Object.entries({ requests, limits }).flatMap(([list, quantities]) =>
    Object.entries(quantities).flatMap(([name, value]) => {
      const text = readable(value);
      const isWell = text !== undefined && compareQuantities(text, '0') > 0;
      const message = 'must be a quantity greater than zero: write for example 512Mi, 1.5Gi, 500m or 2';
      return isWell ? [] : [{ field: `${field}.${list}[${name}]`, value, message }];
    }),
  );
  const below = ['cpu', 'memory'].flatMap((name) => {
    const [request, limit] = [readable(requests[name]), readable(limits[name])];
    if (request === undefined || limit === undefined || compareQuantities(limit, request) >= 0) return [];
    const message = `must be at least requests.${name} ${request}: raise the limit or lower the request`;
    return [{ field: `${field}.limits[${name}]`, value: limit, message }];
  });
  const memory = readable(limits['memory'] ?? requests['memory']);
  const small =
    memory === undefined || compareQuantities(memory, leastMemory) >= 0
      ? []
      : [{ field, value: memory, message: `is too little memory for a Trino process: give it at least ${leastMemory}` }];
  return [...each, ...below, ...small];
}

function routingProblems({ routing }: Members): FieldProblem[] {
  if (routing === undefined) return [];
  if (!isMembers(routing)) return [{ field: 'spec.routing', value: routing, message: 'must be an object, or be left out' }];
  const { header, hostname, hostnameDomain, capacityUnits, maxRunning, sharedWith } = routing;
  const selects = header ?? hostname ?? hostnameDomain ?? capacityUnits ?? maxRunning;
  const problems: FieldProblem[] = [];
  if (hostname !== undefined && hostnameDomain !== undefined)
    problems.push({ field: 'spec.routing', message: 'hostname and hostnameDomain exclude each other: keep one' });
  if (selects === undefined && routing['default'] !== true) {
    const message =
      'routing selects nothing: set header, hostname, hostnameDomain, default: true, maxRunning or (in a routingGroup) capacityUnits, or leave routing out';
    problems.push({ field: 'spec.routing', message });
  }
  for (const [index, value] of (Array.isArray(sharedWith) ? (sharedWith as readonly unknown[]) : []).entries()) {
    if (typeof value !== 'string' || !namespaceForm.test(value))
      problems.push({ field: `spec.routing.sharedWith[${index}]`, value, message: formWords.namespace });
  }
  return problems;
}

function selectorProblems({ catalogSelector }: Members): FieldProblem[] {
  const field = 'spec.catalogSelector';
  if (catalogSelector === undefined) return [];
  if (!isMembers(catalogSelector)) return [{ field, value: catalogSelector, message: 'must be an object, or be left out' }];
  const { matchLabels = {}, matchExpressions = [] } = catalogSelector;
  if (!isMembers(matchLabels) || !Array.isArray(matchExpressions))
    return [{ field, message: 'matchLabels must be an object and matchExpressions a list' }];
  return (matchExpressions as unknown[]).flatMap((one, at) => {
    const { key, operator, values = [] } = isMembers(one) ? one : {};
    const isKnown =
      typeof key === 'string' && ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(String(operator)) && Array.isArray(values);
    const needsValues = operator === 'In' || operator === 'NotIn';
    const message = 'In and NotIn need values, Exists and DoesNotExist have none: add or remove values';
    return isKnown && needsValues === values.length > 0 ? [] : [{ field: `${field}.matchExpressions[${at}]`, message }];
  });
}

/** Every problem at once. Fields that are absent have their defaults (see defaults.ts). */
export function findXTrinodeProblems(spec: unknown): FieldProblem[] {
  if (!isMembers(spec)) return [{ field: 'spec', value: spec, message: 'must be an object with at least a size' }];
  const { size, suspended } = spec;
  const problems: FieldProblem[] = [];
  if (!(sizeNames as readonly unknown[]).includes(size))
    problems.push({ field: 'spec.size', value: size, message: `must be one of ${sizeNames.join(', ')}` });
  if (suspended !== undefined && typeof suspended !== 'boolean')
    problems.push({ field: 'spec.suspended', value: suspended, message: 'must be true or false' });
  return [
    ...problems,
    ...textProblems(spec),
    ...durationProblems(spec),
    ...countProblems(spec),
    ...roleProblems(valueAt(spec, 'resources.coordinator'), 'spec.resources.coordinator'),
    ...roleProblems(valueAt(spec, 'resources.worker'), 'spec.resources.worker'),
    ...routingProblems(spec),
    ...selectorProblems(spec),
    ...findSpoolingProblems(spec, isWithin, durationWords),
  ];
}

/** `spec.size: must be one of ... (it is "huge")`, one after the other. */
export function describeProblems(problems: readonly FieldProblem[]): string {
  return problems
    .map(({ field, value, message }) => `${field} ${message}${value === undefined ? '' : ` (it is ${JSON.stringify(value)})`}`)
    .join('; ');
}
