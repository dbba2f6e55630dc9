// OpenAPI v3 documents, good enough for `kubectl explain` and `kubectl apply`, and for kubectl to learn that the server validates
// fields and dry-runs. Built-in kinds are described as Kubernetes publishes them, custom ones by their definition.
import { sha256Hex } from '#core/hash.ts';
import { builtInSchemaName, publishedSchemas } from './built-in-schemas.ts';
import { isJsonObject } from './json-values.ts';
import { apiVersionIn } from './registry.ts';
import type { Registry, ResourceType, ServedVersion } from './registry.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** What every object has, in the words of Kubernetes: `kubectl explain` prints them. */
const STANDARD_MEMBERS = {
  apiVersion: {
    type: 'string',
    description:
      'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest' +
      ` internal value, and may reject unrecognized values. More info: ${CONVENTIONS}#resources`,
  },
  kind: {
    type: 'string',
    description:
      'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client' +
      ` submits requests to. Cannot be updated. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
  },
  metadata: {
    allOf: [{ $ref: `#/components/schemas/${META}` }],
    description: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
  },
};

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** By what the registry holds: a document of the built-in kinds has half a megabyte, and every `kubectl apply` asks for the index. */
function hashOf(registry: Registry, group: string, version: string): string {
  return sha256Hex(typesIn(registry, group, version).map(hashOfType).join(), 32);
}

const hashes = new WeakMap<ServedVersion, string>();

function hashOfType({ type, served }: ServedType): string {
  const hash = hashes.get(served) ?? sha256Hex(JSON.stringify([schemasOf(type, served), pathsOf(type, served.name)]), 32);
  hashes.set(served, hash);
  return hash;
}

interface ServedType {
  readonly type: ResourceType;
  readonly served: ServedVersion;
}

function typesIn(registry: Registry, group: string, version: string): readonly ServedType[] {
  return registry.all().flatMap((type) => {
    const served = type.group === group ? type.versions.find(({ name }) => name === version) : undefined;
    return served === undefined ? [] : [{ type, served }];
  });
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
  const types = typesIn(registry, group, version);
  const schemas = Object.assign({}, ...types.map(({ type, served }) => schemasOf(type, served))) as unknown;
  const paths = Object.assign({}, ...types.map(({ type, served }) => pathsOf(type, served.name))) as unknown;
  return { openapi: '3.0.0', info: { title: 'XTrinode embedded API', version: 'unversioned' }, paths, components: { schemas } };
}

function schemaNameOf({ group, kind }: ResourceType, version: string): string {
  return builtInSchemaName(group, version, kind) ?? `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
}

function schemasOf(type: ResourceType, { name, schema }: ServedVersion): Record<string, unknown> {
  const schemaName = schemaNameOf(type, name);
  if (!type.isCustom) {
    return publishedSchemas([schemaName]);
  }
  const described = {
    ...schema,
    type: 'object',
    properties: { ...(isJsonObject(schema?.properties) ? schema.properties : {}), ...STANDARD_MEMBERS },
    'x-kubernetes-group-version-kind': [{ group: type.group, version: name, kind: type.kind }],
  };
  return { ...publishedSchemas([]), [schemaName]: described };
}

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

function pathsOf(type: ResourceType, version: string): Record<string, unknown> {
  const base = `/${pathOf(type.group, version)}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}`;
  const gvk = { group: type.group, version, kind: type.kind };
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaNameOf(type, version)}` } } };
  const patchTypes = [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(type.isCustom ? [] : ['application/strategic-merge-patch+json']),
  ];
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
