// OpenAPI v3 documents, good enough for `kubectl explain` of custom resources and for kubectl to learn that the server
// validates fields and dry-runs. Built-in kinds are described only by their top members.
import { sha256Hex } from '#core/hash.ts';
import { isJsonObject } from './json-values.ts';
import { apiVersionIn } from './registry.ts';
import type { Registry, ResourceType, ServedVersion } from './registry.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const string = { type: 'string' };
const texts = { type: 'object', additionalProperties: string };

const OBJECT_META = {
  type: 'object',
  description: 'ObjectMeta is metadata that all persisted resources must have.',
  properties: {
    name: { ...string, description: 'Unique within a namespace; cannot be changed.' },
    namespace: { ...string, description: 'The space within which the name must be unique.' },
    labels: { ...texts, description: 'Keys and values to organize and select objects.' },
    annotations: { ...texts, description: 'Unstructured keys and values set by tools.' },
    generateName: string,
    uid: string,
    resourceVersion: string,
    generation: { type: 'integer', format: 'int64' },
    creationTimestamp: { type: 'string', format: 'date-time' },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    finalizers: { type: 'array', items: string },
    ownerReferences: { type: 'array', items: { type: 'object' } },
    managedFields: { type: 'array', items: { type: 'object' } },
  },
};

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function hashOf(registry: Registry, group: string, version: string): string {
  return sha256Hex(JSON.stringify(openApiDocument(registry, group, version)), 32);
}

/** GET /openapi/v3 */
export function openApiIndex(registry: Registry): unknown {
  const paths: Record<string, unknown> = {};
  for (const [group, versions] of registry.groups()) {
    for (const version of versions) {
      const path = pathOf(group, version);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(registry, group, version)}` };
    }
  }
  return { paths };
}

/** GET /openapi/v3/apis/{group}/{version} */
export function openApiDocument(registry: Registry, group: string, version: string): unknown {
  const schemas: Record<string, unknown> = { [META]: OBJECT_META };
  const paths: Record<string, unknown> = {};
  for (const type of registry.all().filter((one) => one.group === group)) {
    const served = type.versions.find(({ name }) => name === version);
    if (served !== undefined) {
      const schemaName = `${group === '' ? 'io.k8s.core' : group.split('.').toReversed().join('.')}.${version}.${type.kind}`;
      schemas[schemaName] = resourceSchema(type, served);
      Object.assign(paths, pathsOf(type, version, schemaName));
    }
  }
  return { openapi: '3.0.0', info: { title: 'XTrinode embedded API', version: 'unversioned' }, paths, components: { schemas } };
}

function resourceSchema(type: ResourceType, { name, schema }: ServedVersion): unknown {
  const standard = {
    apiVersion: { ...string, description: 'The versioned schema of this representation of an object.' },
    kind: { ...string, description: 'The resource this object represents.' },
    metadata: { allOf: [{ $ref: `#/components/schemas/${META}` }], default: {}, description: "Standard object's metadata." },
  };
  return {
    ...(schema ?? {
      type: 'object',
      description: `${type.kind} is a resource of Kubernetes; see its API reference for the fields.`,
      ...BUILT_IN_MEMBERS,
    }),
    properties: { ...(isJsonObject(schema?.properties) ? schema.properties : BUILT_IN_MEMBERS.properties), ...standard },
    'x-kubernetes-group-version-kind': [{ group: type.group, version: name, kind: type.kind }],
  };
}

const BUILT_IN_MEMBERS = {
  'x-kubernetes-preserve-unknown-fields': true,
  properties: { spec: { type: 'object' }, status: { type: 'object' } },
};

const parameter = (name: string, description: string): unknown => ({
  name,
  in: 'query',
  description,
  schema: { type: 'string', uniqueItems: true },
});
const WRITE_PARAMETERS = [
  parameter('dryRun', 'All: nothing is persisted.'),
  parameter('fieldManager', 'The name of who makes this change.'),
  parameter('fieldValidation', 'What becomes of unknown fields: Ignore, Warn or Strict.'),
];

function pathsOf(type: ResourceType, version: string, schemaName: string): Record<string, unknown> {
  const base = `/${pathOf(type.group, version)}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}`;
  const gvk = { group: type.group, version, kind: type.kind };
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName}` } } };
  const patchTypes = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
  const operation = (action: string, more: Record<string, unknown> = {}): unknown => ({
    tags: [apiVersionIn(type.group, version)],
    operationId: `${action}${type.kind}`,
    responses: { '200': { description: 'OK', content } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    ...more,
  });
  const write = { parameters: WRITE_PARAMETERS, requestBody: { content } };
  const patch = {
    parameters: WRITE_PARAMETERS,
    requestBody: { content: Object.fromEntries(patchTypes.map((one) => [one, { schema: { type: 'object' } }])) },
  };
  return {
    [base]: { get: operation('list'), post: operation('post', write), delete: operation('deletecollection') },
    [`${base}/{name}`]: {
      get: operation('get'),
      put: operation('put', write),
      patch: operation('patch', patch),
      delete: operation('delete', { parameters: [WRITE_PARAMETERS[0]] }),
    },
  };
}
