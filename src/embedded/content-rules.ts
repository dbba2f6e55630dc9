// What the content of an object must look like, whichever way its kind says it: a schema with rules for custom resources,
// the table of builtin-rules.ts for the others, custom-resources.ts for definitions themselves. Pure.
import { checkBuiltIn, fillBuiltIn, prepareBuiltIn } from './builtin-rules.ts';
import { builtInSchema, emptyOf } from './built-in-schemas.ts';
import type { CelEngine, CompiledRules } from './cel.ts';
import { acceptDefinition, checkDefinition, fillDefinition } from './custom-resources.ts';
import { valueAt } from './json-values.ts';
import { findUndecodable } from './decode-check.ts';
import type { JsonObject } from './json-values.ts';
import { pruneMetadata } from './metadata-rules.ts';
import { withCanonicalQuantities } from './quantities.ts';
import type { FieldProblem } from './refusals.ts';
import type { ScalePaths, Served } from './registry.ts';
import { checkObject } from './schema-check.ts';
import { defaultObject, pruneObject } from './schema-defaults.ts';

export interface ContentRules {
  rulesOf(served: Served): CompiledRules | undefined;
  /** Absent until a definition with rules has been seen. */
  celEngine(): CelEngine | undefined;
}

/** Why the types of a built-in kind cannot hold the object; undefined when they can. Custom resources say it later, by field. */
export function whyUndecodable({ type, version }: Served, object: JsonObject): string | undefined {
  const schema = type.isCustom ? undefined : builtInSchema(type.group, version.name, type.kind);
  return schema === undefined ? undefined : findUndecodable(schema, object);
}

/** Drops unknown fields and names them in `unknown`. May change the object given. */
export function decodeFields({ type, version }: Served, object: JsonObject, unknown: string[]): JsonObject {
  pruneMetadata(object, unknown);
  const schema = type.isCustom ? version.schema : builtInSchema(type.group, version.name, type.kind);
  return schema === undefined ? object : pruneObject(schema, object, unknown);
}

/** An object before anybody has written it: what Kubernetes always writes for a built-in kind, even when it is empty. */
export function emptyObject({ type, version }: Served): JsonObject {
  const schema = type.isCustom ? undefined : builtInSchema(type.group, version.name, type.kind);
  return schema === undefined ? {} : emptyOf(schema);
}

/** What the server adds to a new object on its own account. Changes the object given. */
export function prepareNew({ type }: Served, object: JsonObject): void {
  if (!type.isCustom) {
    prepareBuiltIn(object);
  }
}

/** With defaults filled in, and as the types of a built-in kind write it. May change the object given. */
export function fillDefaults(rules: ContentRules, { type, version }: Served, object: JsonObject, nowText: string): JsonObject {
  if (type.isCustom) {
    return version.schema === undefined ? object : defaultObject(version.schema, object);
  }
  fillBuiltIn(object);
  if (type.kind === 'CustomResourceDefinition') {
    fillDefinition(object);
  }
  const schema = builtInSchema(type.group, version.name, type.kind);
  const filled = schema === undefined ? object : withCanonicalQuantities(schema, defaultObject(schema, object));
  if (type.kind !== 'CustomResourceDefinition') {
    return filled;
  }
  return checkDefinition(filled, rules.celEngine()).length === 0 ? acceptDefinition(filled, nowText) : filled;
}

/** The numbers that the scale subresource shows have to be numbers. */
function checkScalePaths(scale: ScalePaths | undefined, object: JsonObject): FieldProblem[] {
  return [scale?.specReplicas, scale?.statusReplicas].flatMap((path) => {
    const value = path === undefined ? undefined : valueAt(object, path);
    if (path === undefined || value === undefined || Number.isInteger(value)) {
      return [];
    }
    const field = `.${path.join('.')}`;
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    const message = `Invalid value: 0: ${field} accessor error: ${shown} is of the type ${typeof value}, expected int64`;
    return [{ field, reason: 'FieldValueInvalid', message }];
  });
}

const STOPS_RULES: ReadonlySet<FieldProblem['reason']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const RULES_NOT_RUN: FieldProblem = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message: `Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation`,
};

/** Every problem of the content; CEL rules run only where the schema leaves nothing that could mislead them, as in Kubernetes. */
export function checkContent(rules: ContentRules, served: Served, object: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  const { type, version } = served;
  if (!type.isCustom) {
    return type.kind === 'CustomResourceDefinition' ? checkDefinition(object, rules.celEngine()) : checkBuiltIn(object, before);
  }
  const problems =
    version.schema === undefined ? [] : [...checkObject(version.schema, object, before), ...checkScalePaths(version.scale, object)];
  const compiled = rules.rulesOf(served);
  if (compiled === undefined) {
    return problems;
  }
  return problems.some(({ reason }) => STOPS_RULES.has(reason))
    ? [...problems, RULES_NOT_RUN]
    : [...problems, ...compiled.check(object, before)];
}
