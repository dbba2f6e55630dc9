// Admission of our two kinds: what their schemas cannot say, and warnings. The same functions serve the embedded API in
// process and, on a cluster, webhooks. Pure.
import type { KubeObject } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { findIgnoredFields, findXTrinodeProblems } from '#apis/v1/xtrinode.rules.ts';
import { findCatalogProblems } from '#trino/connectors.ts';

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface Verdict {
  readonly errors: readonly FieldError[];
  readonly warnings: readonly string[];
}

const admitted: Verdict = { errors: [], warnings: [] };

export function validateXTrinode({ operation, object }: { readonly operation: string; readonly object: KubeObject }): Verdict {
  if (operation === 'DELETE' || object.metadata.deletionTimestamp !== undefined) return admitted;
  const { spec } = object as XTrinode;
  const errors = findXTrinodeProblems(spec).map(({ field, value, message }) => ({
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${message}`,
  }));
  const ignored = findIgnoredFields(spec);
  const warnings = ignored.length === 0 ? [] : [`kept, but without effect in this release: ${ignored.join(', ')}`];
  return { errors, warnings };
}

export function validateXTrinodeCatalog({ operation, object }: { readonly operation: string; readonly object: KubeObject }): Verdict {
  if (operation === 'DELETE' || object.metadata.deletionTimestamp !== undefined) return admitted;
  const { connector } = (object as XTrinodeCatalog).spec;
  const problems = findCatalogProblems(connector);
  const isLater = (message: string): boolean => message.startsWith('is not rendered yet');
  const fieldOf = (field: string): string => (field === '' ? 'spec.connector' : `spec.connector.${field}`);
  return {
    // A connector of the reference that we do not render yet is accepted and says so: its manifests apply unchanged.
    errors: problems
      .filter(({ message }) => !isLater(message))
      .map(({ field, message }) => ({ field: fieldOf(field), message: `Invalid value: ${message}` })),
    warnings: problems.filter(({ message }) => isLater(message)).map(({ field, message }) => `${fieldOf(field)} ${message}`),
  };
}
