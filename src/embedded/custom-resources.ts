// CustomResourceDefinitions: checks them, fills in their status, and turns each into a row of the registry with its
// compiled rules. Everything about serving custom resources that is not true of all resources starts here.
import type { KubeObject } from '#core/objects.ts';
import { compileRules } from './cel.ts';
import type { CelEngine, CompiledRules } from './cel.ts';
import { asArray, asObject, asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';
import type { PrinterColumn, ResourceType, ScalePaths, ServedVersion } from './registry.ts';
import type { JsonSchema } from './schema.ts';

export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function required(field: string): FieldProblem {
  return { reason: 'FieldValueRequired', field, message: 'Required value' };
}

function wrong(field: string, value: unknown, why: string): FieldProblem {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

/** Defaults of a definition. Changes it. */
export function fillDefinition(object: JsonObject): void {
  const spec = asObject(object['spec']);
  const names = asObject(spec['names']);
  names['singular'] ??= asText(names['kind']).toLowerCase();
  names['listKind'] ??= `${asText(names['kind'])}List`;
  spec['conversion'] ??= { strategy: 'None' };
}

/** Problems of a definition, including rules that do not compile. */
export function checkDefinition(object: JsonObject, engine: CelEngine | undefined): FieldProblem[] {
  const spec = asObject(object['spec']);
  const names = asObject(spec['names']);
  const problems: FieldProblem[] = [];
  for (const [field, value] of [
    ['spec.group', spec['group']],
    ['spec.scope', spec['scope']],
    ['spec.names.plural', names['plural']],
    ['spec.names.kind', names['kind']],
  ] as const) {
    if (typeof value !== 'string' || value === '') {
      problems.push(required(field));
    }
  }
  const wantedName = `${asText(names['plural'])}.${asText(spec['group'])}`;
  const name = asText(asObject(object['metadata'])['name']);
  if (name !== wantedName) {
    problems.push(wrong('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (asObject(spec['conversion'])['strategy'] !== 'None') {
    const message = 'Unsupported value: the embedded API converts between versions only with strategy "None"';
    problems.push({ reason: 'FieldValueNotSupported', field: 'spec.conversion.strategy', message });
  }
  const versions = asArray(spec['versions']).filter(isJsonObject);
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    problems.push(wrong('spec.versions', 'object', 'must have exactly one version marked as storage version'));
  }
  versions.forEach((version, at) => {
    const schema = asObject(version['schema'])['openAPIV3Schema'];
    const field = `spec.versions[${at}].schema.openAPIV3Schema`;
    if (!isJsonObject(schema)) {
      problems.push(required(field));
    } else if (engine !== undefined) {
      try {
        compileRules(schema, engine);
      } catch (error) {
        problems.push(wrong(field, 'object', error instanceof Error ? error.message : String(error)));
      }
    }
  });
  return problems;
}

/** The definition with the status that says it is served. Conditions keep their time when they stay as they are. */
export function acceptDefinition(object: JsonObject, nowText: string): JsonObject {
  const spec = asObject(object['spec']);
  const before = asArray(asObject(object['status'])['conditions']).filter(isJsonObject);
  const condition = (type: string, reason: string, message: string): JsonObject =>
    before.find((one) => one['type'] === type) ?? { type, status: 'True', reason, message, lastTransitionTime: nowText };
  const storage = asArray(spec['versions']).find((version) => asObject(version)['storage'] === true);
  return {
    ...object,
    status: {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ...before.filter((one) => one['type'] !== 'NamesAccepted' && one['type'] !== 'Established'),
      ],
      acceptedNames: spec['names'],
      storedVersions: [asText(asObject(storage)['name'])],
    },
  };
}

export interface CustomType {
  readonly type: ResourceType;
  /** Compiled rules by version name. */
  readonly rules: ReadonlyMap<string, CompiledRules>;
}

/** The registry row of a stored definition. `engine` may be absent when no version has rules. */
export function typeOfDefinition(definition: KubeObject, engine: CelEngine | undefined): CustomType {
  const spec = asObject((definition as unknown as JsonObject)['spec']);
  const names = asObject(spec['names']);
  const rules = new Map<string, CompiledRules>();
  const versions: ServedVersion[] = [];
  let storageVersion = '';
  for (const version of asArray(spec['versions']).filter(isJsonObject)) {
    const name = asText(version['name']);
    const schema = asObject(version['schema'])['openAPIV3Schema'] as JsonSchema | undefined;
    if (version['storage'] === true) {
      storageVersion = name;
    }
    if (version['served'] === true) {
      versions.push(servedVersion(schema, version, deprecationOf(spec, version)));
      const compiled = schema === undefined || engine === undefined ? undefined : compileRules(schema, engine);
      if (compiled !== undefined) {
        rules.set(name, compiled);
      }
    }
  }
  const type: ResourceType = {
    group: asText(spec['group']),
    plural: asText(names['plural']),
    singular: asText(names['singular']),
    kind: asText(names['kind']),
    listKind: asText(names['listKind']),
    namespaced: spec['scope'] === 'Namespaced',
    shortNames: asArray(names['shortNames']).map(String),
    categories: asArray(names['categories']).map(String),
    isCustom: true,
    hasGeneration: true,
    isMadeByReplace: false,
    isDeletedTogether: true,
    versions: versions.sort((a, b) => Number(b.name === storageVersion) - Number(a.name === storageVersion)),
    storageVersion,
  };
  return { type, rules };
}

function servedVersion(schema: JsonSchema | undefined, version: JsonObject, deprecation: string): ServedVersion {
  const name = asText(version['name']);
  const subresources = asObject(version['subresources']);
  const columns = asArray(version['additionalPrinterColumns']) as PrinterColumn[];
  const scale = scalePaths(subresources['scale']);
  return {
    name,
    printerColumns: columns.length === 0 ? [AGE] : columns,
    hasStatus: subresources['status'] !== undefined,
    ...(schema === undefined ? {} : { schema }),
    ...(scale === undefined ? {} : { scale }),
    // `.spec.size`, and never a list
    selectableFields: asArray(version['selectableFields']).map((field) => asText(asObject(field)['jsonPath']).slice(1)),
    ...(version['deprecated'] === true ? { deprecationWarning: deprecation } : {}),
  };
}

/** What is said of a deprecated version: its own words, or the newest version to use in its place. */
function deprecationOf(spec: JsonObject, version: JsonObject): string {
  const kind = (name: string): string => `${asText(spec['group'])}/${name} ${asText(asObject(spec['names'])['kind'])}`;
  const [newest] = asArray(spec['versions'])
    .filter(isJsonObject)
    .filter((one) => one['served'] === true && one['deprecated'] !== true)
    .map((one) => asText(one['name']))
    .filter((name) => ageOf(name) > ageOf(asText(version['name'])))
    .toSorted((a, b) => ageOf(b) - ageOf(a));
  const advice = newest === undefined ? '' : `; use ${kind(newest)}`;
  return asText(version['deprecationWarning']) || `${kind(asText(version['name']))} is deprecated${advice}`;
}

/** v2 is newer than v1, v1 than any beta, a beta than any alpha (Kubernetes, "Version priority"). Other names are older than all. */
function ageOf(name: string): number {
  const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name) ?? [];
  const stages = { alpha: 1, beta: 2 } as const;
  const rank = stage === undefined ? 3 : stages[stage as keyof typeof stages];
  return major === undefined ? 0 : rank * 1e6 + Number(major) * 1e3 + Number(minor ?? 0);
}

function scalePaths(scale: unknown): ScalePaths | undefined {
  if (!isJsonObject(scale)) {
    return undefined;
  }
  const path = (name: string): string[] => asText(scale[name]).replace(/^\./, '').split('.');
  return {
    specReplicas: path('specReplicasPath'),
    statusReplicas: path('statusReplicasPath'),
    ...(typeof scale['labelSelectorPath'] === 'string' ? { selector: path('labelSelectorPath') } : {}),
  };
}
