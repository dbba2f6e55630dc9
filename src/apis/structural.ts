// zod schema -> Kubernetes structural schema. Pure; throws on what Kubernetes would refuse, because that is a defect of
// ours found when generating. Rules: Kubernetes docs "Specifying a structural schema", spec/stack.md section 8.
import { z } from 'zod';

export type StructuralSchema = { [key: string]: unknown };

type Node = { [key: string]: unknown };

const safeInteger = Number.MAX_SAFE_INTEGER;

function isObject(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function convertInteger(node: Node): void {
  if (node['type'] !== 'integer') return;
  if (node['minimum'] === -safeInteger) delete node['minimum'];
  if (node['maximum'] === safeInteger) delete node['maximum'];
  node['format'] = Math.abs(Number(node['maximum'] ?? 0)) > 2 ** 31 ? 'int64' : 'int32';
}

function convertObject(node: Node, path: string): void {
  if (node['additionalProperties'] === false) delete node['additionalProperties'];
  const extra = node['additionalProperties'];
  if (isObject(extra) && Object.keys(extra).length === 0) {
    delete node['additionalProperties'];
    node['x-kubernetes-preserve-unknown-fields'] = true;
  } else if (isObject(extra)) {
    node['additionalProperties'] = convert(extra, `${path}{}`);
  }
  delete node['propertyNames'];
  if (isObject(node['properties'])) {
    const properties: Node = {};
    for (const [name, child] of Object.entries(node['properties'])) properties[name] = convert(child as Node, `${path}.${name}`);
    if (Object.keys(properties).length > 0) node['properties'] = properties;
    else delete node['properties'];
  }
  // Defaulted fields may be left out: input side of the schema.
  if (Array.isArray(node['required']) && node['required'].length === 0) delete node['required'];
}

function convert(source: Node, path: string): Node {
  const node: Node = { ...source };
  delete node['$schema'];
  delete node['id'];
  if (node['x-kubernetes-int-or-string'] === true) {
    for (const key of ['type', 'anyOf', 'oneOf']) delete node[key];
    return { anyOf: [{ type: 'integer' }, { type: 'string' }], ...node };
  }
  if (node['type'] === 'string' && (node['anyOf'] !== undefined || node['oneOf'] !== undefined)) {
    // A union of strings whose meta says what it is on the wire.
    delete node['anyOf'];
    delete node['oneOf'];
  }
  if (node['format'] === 'date-time') delete node['pattern'];
  for (const key of ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'const', 'patternProperties']) {
    if (key in node) throw new Error(`${path}: ${key} cannot be expressed in a structural schema`);
  }
  convertInteger(node);
  if (node['type'] === 'object' || node['properties'] !== undefined) convertObject(node, path);
  if (node['type'] === 'array' && isObject(node['items'])) node['items'] = convert(node['items'], `${path}[]`);
  if (node['type'] === undefined && node['x-kubernetes-preserve-unknown-fields'] !== true) throw new Error(`${path}: has no type`);
  return node;
}

/** Structural schema of what a user may write (defaults included, defaulted fields not required). */
export function structuralSchemaOf(schema: z.ZodType, path: string): StructuralSchema {
  return convert(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as Node, path);
}
