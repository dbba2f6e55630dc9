// Validation of a value against a structural schema, in the words of a real API server (its field errors are what users
// of kubectl read). Pure; CEL rules are in cel.ts.
import { equalJson, isJsonObject } from './json-values.ts';
import { itemsBefore } from './list-types.ts';
import type { FieldProblem } from './refusals.ts';
import { memberPath, memberSchema } from './schema.ts';
import type { JsonSchema } from './schema.ts';

type Report = (reason: FieldProblem['reason'], field: string, message: string) => void;

const ROOT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

function contentOf(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !ROOT_FIELDS.has(name)));
}

/**
 * All problems of an object's content; metadata is checked elsewhere. What an update leaves as it was is not a problem, whatever
 * the schema says of it by now (ratcheting: a definition that became stricter keeps nobody from changing something else).
 */
export function checkObject(
  schema: JsonSchema,
  object: Readonly<Record<string, unknown>>,
  before?: Readonly<Record<string, unknown>>,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const report: Report = (reason, field, message) => problems.push({ reason, field, message });
  const required = (schema.required ?? []).filter((name) => !ROOT_FIELDS.has(name));
  check({ ...schema, required }, contentOf(object), '', report, before === undefined ? undefined : contentOf(before));
  return problems;
}

function typeName(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value;
}

function show(value: unknown): string {
  return isJsonObject(value) || Array.isArray(value) ? `"${typeName(value)}"` : JSON.stringify(value);
}

function hasType(schema: JsonSchema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string' || Number.isInteger(value);
  }
  const actual = typeName(value);
  return schema.type === undefined || schema.type === actual || (schema.type === 'number' && actual === 'integer');
}

function check(schema: JsonSchema, value: unknown, path: string, report: Report, before?: unknown): void {
  if ((value === null && schema.nullable === true) || (before !== undefined && equalJson(value, before))) {
    return;
  }
  if (!hasType(schema, value)) {
    const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : String(schema.type);
    report(
      'FieldValueTypeInvalid',
      path,
      `Invalid value: "${typeName(value)}": ${path} in body must be of type ${wanted}: "${typeName(value)}"`,
    );
    return;
  }
  checkEnum(schema, value, path, report);
  if (typeof value === 'string') {
    checkString(schema, value, path, report);
  } else if (typeof value === 'number') {
    checkNumber(schema, value, path, report);
  } else if (Array.isArray(value)) {
    checkList(schema, value as unknown[], path, report, before);
  } else if (isJsonObject(value)) {
    checkMembers(schema, value, path, report, before);
  }
  checkCombinations(schema, value, path, report);
}

function checkEnum(schema: JsonSchema, value: unknown, path: string, report: Report): void {
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equalJson(allowed, value))) {
    const allowed = schema.enum.map((one) => (typeof one === 'string' ? `"${one}"` : JSON.stringify(one))).join(', ');
    report('FieldValueNotSupported', path, `Unsupported value: ${show(value)}: supported values: ${allowed}`);
  }
}

function checkString(schema: JsonSchema, value: string, path: string, report: Report): void {
  // Code points, as Go counts runes.
  const length = schema.minLength === undefined && schema.maxLength === undefined ? 0 : Array.from(value).length;
  const bad = (message: string): void =>
    report('FieldValueInvalid', path, `Invalid value: ${JSON.stringify(value)}: ${path} in body ${message}`);
  if (schema.minLength !== undefined && length < schema.minLength) {
    bad(`should be at least ${schema.minLength} chars long`);
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    report('FieldValueTooLong', path, `Too long: may not be more than ${schema.maxLength} bytes`);
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    bad(`should match '${schema.pattern}'`);
  }
  if (schema.format !== undefined && !hasFormat(schema.format, value)) {
    bad(`must be of type ${schema.format}: ${JSON.stringify(value)}`);
  }
}

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time':
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  duration: /^-?((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$|^0$/,
  uuid: /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i,
  ipv4: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$/,
  email: /^[^@\s]+@[^@\s]+$/,
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
};

/** Formats this API does not know are accepted, as Kubernetes does. */
function hasFormat(format: string, value: string): boolean {
  return Object.hasOwn(FORMATS, format) ? (FORMATS[format]?.test(value) ?? true) : true;
}

function checkNumber(schema: JsonSchema, value: number, path: string, report: Report): void {
  const bad = (message: string): void => report('FieldValueInvalid', path, `Invalid value: ${value}: ${path} in body ${message}`);
  const { minimum, maximum, multipleOf } = schema;
  if (minimum !== undefined && (value < minimum || (schema.exclusiveMinimum === true && value === minimum))) {
    bad(`should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (value > maximum || (schema.exclusiveMaximum === true && value === maximum))) {
    bad(`should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    bad(`should be a multiple of ${multipleOf}`);
  }
  if (schema.format === 'int32' && (value < -2_147_483_648 || value > 2_147_483_647)) {
    bad(`must be of type int32: "${value}"`);
  }
}

function checkList(schema: JsonSchema, list: readonly unknown[], path: string, report: Report, before: unknown): void {
  if (schema.minItems !== undefined && list.length < schema.minItems) {
    report('FieldValueInvalid', path, `Invalid value: ${list.length}: ${path} in body should have at least ${schema.minItems} items`);
  }
  if (schema.maxItems !== undefined && list.length > schema.maxItems) {
    report('FieldValueTooMany', path, `Too many: ${list.length}: must have at most ${schema.maxItems} items`);
  }
  const { items } = schema;
  if (items !== undefined) {
    const old = itemsBefore(schema, before);
    list.forEach((item, at) => check(items, item, `${path}[${at}]`, report, old(item)));
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set' || listType === 'map') {
    checkDuplicates(schema, list, path, report);
  }
}

function checkDuplicates(schema: JsonSchema, list: readonly unknown[], path: string, report: Report): void {
  const keys = schema['x-kubernetes-list-map-keys'];
  const seen = new Set<string>();
  list.forEach((item, at) => {
    const identity = keys === undefined ? item : Object.fromEntries(keys.map((key) => [key, isJsonObject(item) ? item[key] : undefined]));
    const text = JSON.stringify(identity);
    if (seen.has(text)) {
      report('FieldValueDuplicate', `${path}[${at}]`, `Duplicate value: ${text}`);
    }
    seen.add(text);
  });
}

function checkMembers(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string, report: Report, before: unknown): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) {
      report('FieldValueRequired', path === '' ? name : `${path}.${name}`, 'Required value');
    }
  }
  const count = Object.keys(value).length;
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    report('FieldValueInvalid', path, `Invalid value: ${count}: ${path} in body should have at least ${schema.minProperties} properties`);
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    report('FieldValueTooMany', path, `Too many: ${count}: must have at most ${schema.maxProperties} items`);
  }
  for (const [name, member] of Object.entries(value)) {
    const child = memberSchema(schema, name);
    if (child !== undefined && member !== undefined) {
      check(child, member, memberPath(schema, path, name), report, isJsonObject(before) ? before[name] : undefined);
    }
  }
}

function isValid(schema: JsonSchema, value: unknown): boolean {
  let problems = 0;
  check(schema, value, '', () => problems++);
  return problems === 0;
}

function checkCombinations(schema: JsonSchema, value: unknown, path: string, report: Report): void {
  // The int-or-string pattern of Kubernetes repeats both types in anyOf; the type check has covered it.
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  schema.allOf?.forEach((one) => check(one, value, path, report));
  const bad = (message: string): void => report('FieldValueInvalid', path, `Invalid value: ${show(value)}: ${path} in body ${message}`);
  if (schema.anyOf !== undefined && !isIntOrString && !schema.anyOf.some((one) => isValid(one, value))) {
    bad('must validate at least one schema (anyOf)');
  }
  if (schema.oneOf !== undefined && schema.oneOf.filter((one) => isValid(one, value)).length !== 1) {
    bad('must validate one and only one schema (oneOf)');
  }
  if (schema.not !== undefined && isValid(schema.not, value)) {
    bad('must not validate the schema (not)');
  }
}
