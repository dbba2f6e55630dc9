// Counts what one user asked of a real API server about runtimes, from its audit log.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface CallCounts {
  readonly writes: number;
  /** Gets and lists; watches left out. */
  readonly reads: number;
}

interface AuditEvent {
  readonly stage?: string;
  readonly verb?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string };
}

const writeVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** In these namespaces; Leases left out, which are renewed on purpose. */
export async function countCalls(auditLogPath: string, userName: string, namespaces: readonly string[]): Promise<CallCounts> {
  let writes = 0;
  let reads = 0;
  for await (const line of createInterface({ input: createReadStream(auditLogPath) })) {
    // The last line may be half written.
    if (!line.endsWith('}')) continue;
    const { stage, verb = '', user, objectRef } = JSON.parse(line) as AuditEvent;
    if (stage !== 'ResponseComplete' || user?.username !== userName || objectRef === undefined || objectRef.resource === 'leases') continue;
    if (objectRef.namespace === undefined || !namespaces.includes(objectRef.namespace)) continue;
    if (writeVerbs.has(verb)) writes += 1;
    else if (verb === 'get' || verb === 'list') reads += 1;
  }
  return { writes, reads };
}
