// Rules on an XTrinode that its schema cannot say. Pure; used by admission and by the operator.
import { isDuration } from '#core/duration.ts';
import { compareQuantities, isQuantity } from '#core/quantity.ts';
import type { XTrinodeSpec } from './objects.ts';

export interface FieldProblem {
  /** Path from the object's root. */
  readonly field: string;
  readonly value?: unknown;
  readonly message: string;
}

const withoutEffect = [
  'wakeMinWorkers', 'wakeTTL', 'placement', 'nodePool', 'operatorNodePoolDefaults', 'resourceGroupsProfile', 'customConfigMaps', 'trinoControlAuth',
  'faultTolerantExecution', 'keda', 'tls', 'helmChartConfig', 'rolloutPolicy', 'valuesOverlay',
] as const; // prettier-ignore

const withoutEffectBelow = [
  'limits.hardConcurrencyPerGroup',
  'limits.maxQueuedPerGroup',
  'limits.session.maxTotalMemoryPerNode',
  'routing.capacityUnits',
] as const;

function valueAt(spec: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
      spec,
    );
}

/** Known fields of the reference that are set but change nothing here yet, as paths below spec. */
export function findIgnoredFields(spec: XTrinodeSpec): string[] {
  return [...withoutEffect, ...withoutEffectBelow].filter((path) => valueAt(spec, path) !== undefined).map((path) => `spec.${path}`);
}

function quantityProblems(spec: XTrinodeSpec): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const role of ['coordinator', 'worker'] as const) {
    const resources = spec.resources?.[role];
    for (const name of ['cpu', 'memory']) {
      const [request, limit] = [resources?.requests?.[name], resources?.limits?.[name]].map((value) =>
        value === undefined ? undefined : String(value),
      );
      for (const [kind, value] of [
        ['requests', request],
        ['limits', limit],
      ] as const) {
        if (value === undefined) continue;
        const field = `spec.resources.${role}.${kind}.${name}`;
        if (!isQuantity(value)) problems.push({ field, value, message: 'is not a quantity: write for example 512Mi, 1.5Gi, 500m or 2' });
        else if (compareQuantities(value, '0') <= 0) problems.push({ field, value, message: 'must be greater than zero' });
        else if (kind === 'limits' && name === 'memory' && compareQuantities(value, '512Mi') < 0) {
          problems.push({ field, value, message: 'is too small for a Trino process: give it at least 512Mi' });
        }
      }
      if (
        request !== undefined &&
        limit !== undefined &&
        isQuantity(request) &&
        isQuantity(limit) &&
        compareQuantities(limit, request) < 0
      ) {
        problems.push({
          field: `spec.resources.${role}.limits.${name}`,
          value: limit,
          message: `must be at least the request of ${request}`,
        });
      }
    }
  }
  return problems;
}

const dataSize = /^[0-9]+(\.[0-9]+)?\s*(B|kB|MB|GB|TB|PB)$/;

/** Every problem at once. The schema has already checked types, enums and ranges. */
export function findXTrinodeProblems(spec: XTrinodeSpec): FieldProblem[] {
  const problems = quantityProblems(spec);
  if (spec.autoSuspendAfter !== 'never' && !isDuration(spec.autoSuspendAfter)) {
    problems.push({
      field: 'spec.autoSuspendAfter',
      value: spec.autoSuspendAfter,
      message: 'is not a duration: write for example 90s, 5m, 1h30m, or never',
    });
  }
  if (!isDuration(spec.wakePatience))
    problems.push({ field: 'spec.wakePatience', value: spec.wakePatience, message: 'is not a duration: write for example 90s or 10m' });
  const { maxQueryMemory } = spec.limits?.session ?? {};
  if (maxQueryMemory !== undefined && !dataSize.test(maxQueryMemory)) {
    problems.push({
      field: 'spec.limits.session.maxQueryMemory',
      value: maxQueryMemory,
      message: 'is not a Trino data size: write for example 512MB or 4GB',
    });
  }
  const { hostname } = spec.routing ?? {};
  if (hostname !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(hostname)) {
    problems.push({
      field: 'spec.routing.hostname',
      value: hostname,
      message: 'is not a host name: letters, digits, dots and dashes, no port',
    });
  }
  return problems;
}
