// Which runtime a request asks for. A path may begin with /rt/<value> (prefix mode): it selects like X-Trino-XTrinode, or as
// <namespace>.<name>, and it is how addresses that a coordinator makes say whose they are, without a store (design D4). Pure.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { headerOf, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import type { GatewayProblem } from '../problems.ts';
import { findRoute, hostNameOf, keyOfEntry, membersOf, type FoundRoute, type RouteTable } from './route-table.ts';

/** What of a request selects a runtime. */
export interface RouteRequest {
  readonly forwarded: Pick<ForwardedFor, 'host' | 'prefix'>;
  readonly headers: HeaderPairs;
}

/** One part of a path that no two readers read differently. */
const prefixForm = /^\/rt\/[A-Za-z0-9][\w.~-]{0,317}(?=\/|$)/;

/** The prefix of a path, or nothing; what follows it is a path like any other. */
export function prefixOf(path: string): string {
  return path.startsWith('/rt/') ? (prefixForm.exec(path)?.[0] ?? '') : '';
}

/** By its namespace and name: a namespace has no dots, so that no other text of this form is meant. */
function prefixTo({ namespace, name }: RouteEntry): string {
  return `/rt/${namespace}.${name}`;
}

interface ByPrefix {
  readonly entry: RouteEntry;
  readonly members: readonly RouteEntry[];
}

/** A namespace and name go first, so that no value of another runtime can take their place. */
function findByPrefix(table: RouteTable, prefix: string): ByPrefix | undefined {
  const value = prefix.slice('/rt/'.length);
  const named = table.byKey.get(value.replace('.', '/'));
  if (named !== undefined && named.state !== 'REMOVED') return { entry: named, members: [named] };
  const entry = table.byHeader.get(value);
  return entry === undefined ? undefined : { entry, members: membersOf(table, entry) };
}

/** As found, with all runtimes that the request may go to. */
export interface RequestRoute extends Omit<FoundRoute, 'by'>, ByPrefix {
  readonly by: FoundRoute['by'] | 'path';
}

/** Path first, then as `findRoute`. A path and a header that mean different runtimes are a mistake that must be seen. */
export function findRequestRoute(table: RouteTable, { forwarded, headers }: RouteRequest): RequestRoute | GatewayProblem {
  const { host, prefix } = forwarded;
  const headerValue = headerOf(headers, 'x-trino-xtrinode');
  if (prefix === '') {
    const found = findRoute(table, host, headerValue);
    return 'code' in found ? found : { ...found, members: membersOf(table, found.entry, headerValue) };
  }
  const byPath = findByPrefix(table, prefix);
  if (byPath === undefined) {
    const use = '/rt/<namespace>.<name> of an XTrinode, or /rt/ and the value of its spec.routing.header (kubectl get tn -A shows them)';
    return { code: 'NO_ROUTE', detail: `the path ${prefix} selects no runtime. Use ${use}.` };
  }
  if (headerValue !== undefined && headerValue !== '') {
    const byHeader = findRoute(table, '', headerValue);
    if ('code' in byHeader) return byHeader;
    if (!membersOf(table, byHeader.entry, headerValue).some((member) => byPath.members.includes(member)))
      return {
        code: 'NO_ROUTE',
        detail: `the path ${prefix} selects runtime ${keyOfEntry(byPath.entry)}, and X-Trino-XTrinode: ${JSON.stringify(headerValue)} selects ${keyOfEntry(byHeader.entry)}. Send one of them.`,
      };
  }
  return { ...byPath, by: 'path' };
}

/** Told what was chosen, and by what. */
export interface RouteNotes {
  found(runtime: string, by: RequestRoute['by']): void;
}

export function chooseRequestRoute(
  table: RouteTable,
  request: RouteRequest & { readonly notes?: RouteNotes },
): RouteEntry | GatewayProblem {
  const found = findRequestRoute(table, request);
  if ('code' in found) return found;
  request.notes?.found(keyOfEntry(found.entry), found.by);
  return found.entry;
}

function isAlone(table: RouteTable, found: RouteEntry | undefined, entry: RouteEntry): boolean {
  return found !== undefined && keyOfEntry(found) === keyOfEntry(entry) && membersOf(table, found).length === 1;
}

/**
 * What the coordinator is told of the request's address, so that all addresses that it makes lead back to its runtime: segments,
 * logins and the UI's links carry neither header nor query id (trino-protocol 4, 5.1). A host name or path that means this runtime
 * alone stays as the client has it; else the runtime's own path is put in front.
 */
export function addressedTo(table: RouteTable, forwarded: ForwardedFor, entry: RouteEntry): ForwardedFor {
  const own = prefixTo(entry);
  const { host, prefix } = forwarded;
  if (prefix === own) return forwarded;
  if (prefix === '' && isAlone(table, table.byHost.get(hostNameOf(host)), entry)) return forwarded;
  if (prefix !== '' && isAlone(table, findByPrefix(table, prefix)?.entry, entry)) return forwarded;
  return { ...forwarded, prefix: own };
}
