// Admission of our two kinds: what their schemas cannot say, and warnings. The same functions serve the embedded API in
// process and, on a cluster, webhooks. Pure.
import { isEqual } from '#core/equality.ts';
import type { KubeObject } from '#core/objects.ts';
import { trinoCatalogName } from '#apis/v1/names.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { findIgnoredFields, findXTrinodeProblems } from '#apis/v1/xtrinode.rules.ts';
import { findCatalogProblems } from '#trino/catalog-rules.ts';

export interface AdmissionInput {
  /** CREATE, UPDATE or DELETE. */
  readonly operation: string;
  readonly object: KubeObject;
  readonly oldObject?: KubeObject;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface Verdict {
  readonly errors: readonly FieldError[];
  readonly warnings: readonly string[];
}

const admitted: Verdict = { errors: [], warnings: [] };

function specOf(object: KubeObject): unknown {
  return (object as { readonly spec?: unknown }).spec;
}

/** A rule that became stricter must not keep anybody from changing labels, nor an object from going away. */
function isSettled({ operation, object, oldObject }: AdmissionInput): boolean {
  if (operation === 'DELETE' || object.metadata.deletionTimestamp !== undefined) return true;
  return oldObject !== undefined && isEqual(specOf(object), specOf(oldObject));
}

export function validateXTrinode(input: AdmissionInput): Verdict {
  if (isSettled(input)) return admitted;
  const { spec } = input.object as XTrinode;
  const errors = findXTrinodeProblems(spec).map(({ field, value, message }) => ({
    field,
    message: `Invalid value: ${value === undefined ? '' : `${JSON.stringify(value)}: `}${message}`,
  }));
  const ignored = findIgnoredFields(spec);
  const warnings = ignored.length === 0 ? [] : [`kept, but without effect in this release: ${ignored.join(', ')}`];
  return { errors, warnings };
}

export function validateXTrinodeCatalog(input: AdmissionInput): Verdict {
  if (isSettled(input)) return admitted;
  const { metadata, spec } = input.object as XTrinodeCatalog;
  const problems = findCatalogProblems(trinoCatalogName(metadata.name), spec.connector);
  return {
    errors: problems
      .filter(({ isLater }) => isLater !== true)
      .map(({ field, message }) => ({ field, message: `Invalid value: ${message}` })),
    // A connector of the reference that we do not render yet is accepted and says so: its manifests apply unchanged.
    warnings: problems.filter(({ isLater }) => isLater === true).map(({ field, message }) => `${field} ${message}`),
  };
}
