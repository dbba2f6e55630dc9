// Small words that the rules of built-in kinds are written in: defaults where nothing is, and one wrong field as Kubernetes says
// it. Pure.
import { isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';

export function setDefaults(object: JsonObject, defaults: JsonObject): void {
  for (const [name, value] of Object.entries(defaults)) {
    object[name] ??= value;
  }
}

/** The object of that name, made when it is not there. */
export function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  if (isJsonObject(value)) {
    return value;
  }
  const made: JsonObject = {};
  object[name] = made;
  return made;
}

export function required(field: string): FieldProblem {
  return { reason: 'FieldValueRequired', field, message: 'Required value' };
}

export function wrong(field: string, value: unknown, why: string): FieldProblem {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function forbid(field: string, why: string): FieldProblem {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}
