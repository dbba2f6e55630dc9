// Whether a value can be what the Go types of a built-in kind hold, in the words of Go's decoder, which real API servers pass on.
// Pure; only types are looked at, what the values mean is checked later.
import type { BuiltInSchema } from './built-in-schemas.ts';
import { isJsonObject } from './json-values.ts';
import { memberSchema } from './schema.ts';

/** What cannot be decoded, the first in the order of the document; undefined when all can. */
export function findUndecodable(schema: BuiltInSchema, object: unknown): string | undefined {
  return find(schema, object, { goType: schema.goType ?? '', path: '' });
}

/** Where Go would say it is: the innermost struct, and the names from the root without indexes and keys. */
interface Place {
  readonly goType: string;
  readonly path: string;
}

function find(schema: BuiltInSchema, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const special = SPECIAL[schema.goType ?? ''];
  if (special !== undefined) {
    return special(value);
  }
  if (!isHeld(schema, value)) {
    return `json: cannot unmarshal ${kindOf(value)} into Go struct field ${place.goType}.${place.path} of type ${goTypeOf(schema)}`;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? undefined : firstOf(value as unknown[], (item) => find(items, item, place));
  }
  return isJsonObject(value) ? firstOf(Object.entries(value), ([name, member]) => findMember(schema, name, member, place)) : undefined;
}

function findMember(schema: BuiltInSchema, name: string, value: unknown, place: Place): string | undefined {
  const member = memberSchema(schema, name);
  if (member === undefined) {
    return undefined;
  }
  const isField = schema.properties?.[name] !== undefined;
  return find(member, value, isField ? { goType: schema.goType ?? place.goType, path: joined(place.path, name) } : place);
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function firstOf<T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function isHeld({ type }: BuiltInSchema, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case undefined:
      return true;
    default:
      return typeof value === type;
  }
}

function kindOf(value: unknown): string {
  if (typeof value === 'boolean') {
    return 'bool';
  }
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return `number ${value}`;
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

function goTypeOf(schema: BuiltInSchema): string {
  switch (schema.type) {
    case 'array':
      return `[]${schema.items === undefined ? 'interface {}' : goTypeOf(schema.items)}`;
    case 'integer':
      return schema.format ?? 'int';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float64';
    case 'object':
      return schema.goType === undefined && typeof schema.additionalProperties === 'object'
        ? `map[string]${goTypeOf(schema.additionalProperties)}`
        : `v1.${schema.goType ?? 'Object'}`;
    default:
      return 'string';
  }
}

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const QUANTITY_PATTERN = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';

/** Types that decode themselves. */
const SPECIAL: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  Quantity: (value) =>
    typeof value === 'number' || (typeof value === 'string' && QUANTITY.test(value))
      ? undefined
      : `quantities must match the regular expression '${QUANTITY_PATTERN}'`,
  IntOrString: (value) =>
    typeof value === 'string' || Number.isInteger(value)
      ? undefined
      : `json: cannot unmarshal ${kindOf(value)} into Go value of type int32`,
  Time: (value) => timeProblem(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, '2006-01-02T15:04:05Z07:00'),
  MicroTime: (value) => timeProblem(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/, '2006-01-02T15:04:05.000000Z07:00'),
};

function timeProblem(value: unknown, pattern: RegExp, layout: string): string | undefined {
  if (typeof value !== 'string') {
    return `json: cannot unmarshal ${kindOf(value)} into Go value of type string`;
  }
  if (pattern.test(value)) {
    return undefined;
  }
  const rest = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.*)$/.exec(value)?.[1];
  const [found, wanted] = rest === undefined ? [value, '2006'] : [rest, '.000000'];
  return `parsing time "${value}" as "${layout}": cannot parse "${found}" as "${wanted}"`;
}
