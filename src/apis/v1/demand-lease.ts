// The contract of the demand Lease (design D8, docs/contracts.md): the API server writes it, the operator reads it, and the two
// may be of different releases. Pure.
import type { Lease } from '#core/objects.ts';

/** Raised when a reader of the version before would misunderstand the Lease; fields may be added without. */
export const demandSchema = 1;
export const demandSchemaAnnotation = 'xtrinode.io/demand-schema';

/** One sentence on why a Lease cannot be read; undefined when it can. Without a version it is of the first. */
export function findDemandProblem({ metadata }: Lease): string | undefined {
  const schema = metadata.annotations?.[demandSchemaAnnotation] ?? String(demandSchema);
  return schema === String(demandSchema)
    ? undefined
    : `Lease ${metadata.name} has schema ${JSON.stringify(schema)}, and this release reads schema ${demandSchema}: upgrade the operator, then the API server`;
}
