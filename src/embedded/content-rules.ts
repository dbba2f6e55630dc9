// What the content of an object must look like, whichever way its kind says it: a schema with rules for custom resources,
// the table of builtin-rules.ts for the others, custom-resources.ts for definitions themselves. Pure.
import { checkBuiltIn, fillBuiltIn } from './builtin-rules.ts';
import type { CelEngine, CompiledRules } from './cel.ts';
import { acceptDefinition, CRD_FINALIZER, checkDefinition, fillDefinition } from './custom-resources.ts';
import { asArray, asObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { pruneMetadata } from './metadata-rules.ts';
import type { FieldProblem } from './refusals.ts';
import type { Served } from './registry.ts';
import { checkObject } from './schema-check.ts';
import { defaultObject, pruneObject } from './schema-defaults.ts';

export interface ContentRules {
  rulesOf(served: Served): CompiledRules | undefined;
  /** Absent until a definition with rules has been seen. */
  celEngine(): CelEngine | undefined;
}

/** Drops unknown fields and names them in `unknown`. May change the object given. */
export function decodeFields({ type, version }: Served, object: JsonObject, unknown: string[]): JsonObject {
  pruneMetadata(object, unknown);
  return type.isCustom && version.schema !== undefined ? pruneObject(version.schema, object, unknown) : object;
}

/** With defaults filled in. May change the object given. */
export function fillDefaults(rules: ContentRules, { type, version }: Served, object: JsonObject, nowText: string): JsonObject {
  if (type.isCustom) {
    return version.schema === undefined ? object : defaultObject(version.schema, object);
  }
  fillBuiltIn(object);
  if (type.kind !== 'CustomResourceDefinition') {
    return object;
  }
  fillDefinition(object);
  const metadata = asObject(object['metadata']);
  if (metadata['deletionTimestamp'] === undefined && !asArray(metadata['finalizers']).includes(CRD_FINALIZER)) {
    metadata['finalizers'] = [...asArray(metadata['finalizers']), CRD_FINALIZER];
  }
  return checkDefinition(object, rules.celEngine()).length === 0 ? acceptDefinition(object, nowText) : object;
}

/** Every problem of the content; CEL rules run only on what its schema accepts, as in Kubernetes. */
export function checkContent(rules: ContentRules, served: Served, object: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  const { type, version } = served;
  if (!type.isCustom) {
    return type.kind === 'CustomResourceDefinition' ? checkDefinition(object, rules.celEngine()) : checkBuiltIn(object, before);
  }
  const problems = version.schema === undefined ? [] : checkObject(version.schema, object);
  return problems.length > 0 ? problems : (rules.rulesOf(served)?.check(object, before) ?? []);
}
