// The schemas of the built-in kinds, as a real API server publishes them (generated/kubernetes-schemas.json, written by
// tools/gen-kubernetes-schemas.ts): what fields there are, how lists merge, which objects are always there. Read once, on first use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { apiVersionIn } from './registry.ts';
import type { JsonSchema } from './schema.ts';

/** A structural schema with what the built-in kinds say beside it. */
export interface BuiltInSchema extends JsonSchema {
  readonly properties?: Readonly<Record<string, BuiltInSchema>>;
  readonly items?: BuiltInSchema;
  /** How a strategic patch treats a list or object: `merge`, `retainKeys`, both with a comma, or absent. */
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  /** Name of the Go type, for the words of decoding errors. */
  readonly goType?: string;
}

interface GeneratedFile {
  readonly version: string;
  readonly kinds: Readonly<Record<string, string>>;
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const REFERENCE = '#/components/schemas/';

let generated: GeneratedFile | undefined;
const resolved = new Map<string, BuiltInSchema>();

function readGenerated(): GeneratedFile {
  generated ??= JSON.parse(readFileSync(join(import.meta.dirname, 'generated', 'kubernetes-schemas.json'), 'utf8')) as GeneratedFile;
  return generated;
}

/** Version of the API server that published them, e.g. `v1.36.3`. */
export function kubernetesVersion(): string {
  return readGenerated().version;
}

/** Undefined for a kind that is not a built-in one. */
export function builtInSchema(group: string, version: string, kind: string): BuiltInSchema | undefined {
  const name = builtInSchemaName(group, version, kind);
  return name === undefined ? undefined : resolveName(name);
}

export function builtInSchemaName(group: string, version: string, kind: string): string | undefined {
  return readGenerated().kinds[`${apiVersionIn(group, version)}/${kind}`];
}

/** Of metadata of every object. */
export function objectMetaSchema(): BuiltInSchema {
  return resolveName(META);
}

/** What the Go type writes even when nothing is in it: what has a default, structs that are no pointers among them, and required lists. */
export function emptyOf(schema: BuiltInSchema): JsonObject {
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]): [string, unknown][] => {
    if (isJsonObject(member.default)) {
      return [[name, emptyOf(member)]];
    }
    if (member.default !== undefined) {
      return [[name, member.default]];
    }
    return member.type === 'array' && schema.required?.includes(name) === true ? [[name, []]] : [];
  });
  return Object.fromEntries(members);
}

/** As published, references and all, for OpenAPI documents: the schemas of these names and all they refer to. */
export function publishedSchemas(names: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const collect = (name: string): void => {
    if (found[name] === undefined) {
      found[name] = readGenerated().schemas[name];
      referencesIn(found[name]).forEach(collect);
    }
  };
  [META, ...names].forEach(collect);
  return found;
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member.slice(REFERENCE.length)] : referencesIn(member),
  );
}

/** Schemas refer to each other in circles: each is made once, and known before its members are. */
function resolveName(name: string): BuiltInSchema {
  const known = resolved.get(name);
  if (known !== undefined) {
    return known;
  }
  const made: JsonObject = {};
  resolved.set(name, made);
  Object.assign(made, resolve(readGenerated().schemas[name] ?? {}), { goType: name.slice(name.lastIndexOf('.') + 1) });
  return made;
}

function resolve(published: JsonObject): BuiltInSchema {
  const { $ref, allOf, properties, items, additionalProperties, description: _description, ...own } = published;
  const reference = $ref ?? (Array.isArray(allOf) ? (allOf[0] as JsonObject)['$ref'] : undefined);
  if (typeof reference === 'string') {
    // what it refers to may not be complete yet, so it is looked up when it is read
    return Object.assign(Object.create(resolveName(reference.slice(REFERENCE.length))) as BuiltInSchema, own);
  }
  const isOpen = properties === undefined && items === undefined && additionalProperties === undefined;
  return {
    ...own,
    ...(isJsonObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, resolve(member as JsonObject)])) }
      : {}),
    ...(isJsonObject(items) ? { items: resolve(items) } : {}),
    ...(isJsonObject(additionalProperties) ? { additionalProperties: resolve(additionalProperties) } : {}),
    ...(isOpen ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
}
