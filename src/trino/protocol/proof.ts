// The statement that proves that a coordinator runs queries, and how its pages are read (design D16, docs/decisions/0004). Pure.

/** Marks the control plane's own queries, so that they count neither as activity nor as users'. */
export const controlUser = 'xtrinode-operator';

/**
 * Needs an active worker (query-manager.required-workers=1) and a task scheduled on a node, so it fails or waits for as long
 * as a user's query would. Evidence: docs/decisions/0004.
 */
export const proofStatement = 'SELECT 1';

/** The last version whose coordinator keeps a list of the nodes that have a catalog. */
const lastWithNodesPerCatalog = 476;
/** It makes that list anew every 5 s (a constant of Trino's), from what it knows of itself too; 1 s for a busy machine. */
const nodesPerCatalogMs = 6_000;

/**
 * How long after its first proof a coordinator must be proven once more, in ms. Until it has listed itself it has no node for
 * any catalog and fails what scans one (`nodes is empty`, NO_NODES_AVAILABLE), while `SELECT 1` and information_schema work:
 * nothing that can be asked without knowing a table shows it. Evidence: docs/decisions/0004.
 */
export function provenAgainAfterMs(trinoVersion: number): number {
  return trinoVersion <= lastWithNodesPerCatalog ? nodesPerCatalogMs : 0;
}

export interface ProofPage {
  readonly id: string;
  readonly nextUri: string | undefined;
  /** Some, once a query has run. */
  readonly rows: readonly (readonly unknown[])[];
}

/** Trino ran the statement, or tried to, and it failed. */
export class StatementFailedError extends Error {
  readonly errorName: string;

  constructor(errorName: string, message: string) {
    super(`${errorName}: ${message}`);
    this.errorName = errorName;
  }
}

/** Throws StatementFailedError with Trino's own words, and an Error for whatever is no page. */
export function readProofPage(status: number, body: unknown): ProofPage {
  if (status !== 200) throw new Error(`HTTP ${status}`);
  const page = (body ?? {}) as { readonly id?: unknown; readonly nextUri?: unknown; readonly data?: unknown; readonly error?: unknown };
  if (page.error !== undefined) {
    const { errorName = 'error', message = '' } = page.error as { readonly errorName?: string; readonly message?: string };
    throw new StatementFailedError(errorName, message);
  }
  const { id, nextUri, data } = page;
  return {
    id: typeof id === 'string' ? id : '',
    nextUri: typeof nextUri === 'string' ? nextUri : undefined,
    rows: Array.isArray(data) ? (data as readonly (readonly unknown[])[]) : [],
  };
}
