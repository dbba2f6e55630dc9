// The route table as the gateway uses it: immutable, swapped whole. Pure (design D5, D7).
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { GatewayProblem } from '../problems.ts';

export interface RouteTable {
  readonly byKey: ReadonlyMap<string, RouteEntry>;
  readonly byHost: ReadonlyMap<string, RouteEntry>;
  readonly byHeader: ReadonlyMap<string, RouteEntry>;
  readonly byCoordinatorId: ReadonlyMap<string, RouteEntry>;
  readonly defaultEntry: RouteEntry | undefined;
}

export function keyOfEntry(entry: RouteEntry): string {
  return `${entry.namespace}/${entry.name}`;
}

export function buildRouteTable(entries: Iterable<RouteEntry>): RouteTable {
  const byKey = new Map<string, RouteEntry>();
  const byHost = new Map<string, RouteEntry>();
  const byHeader = new Map<string, RouteEntry>();
  const byCoordinatorId = new Map<string, RouteEntry>();
  let defaultEntry: RouteEntry | undefined;
  for (const entry of entries) {
    byKey.set(keyOfEntry(entry), entry);
    // A tombstone claims nothing, but its queries are still known.
    if (entry.coordinatorId !== undefined) byCoordinatorId.set(entry.coordinatorId, entry);
    if (entry.state === 'REMOVED') continue;
    for (const host of entry.hosts) byHost.set(host, entry);
    for (const value of entry.headerValues) byHeader.set(value, entry);
    if (entry.isDefault) defaultEntry = entry;
  }
  return { byKey, byHost, byHeader, byCoordinatorId, defaultEntry };
}

export const emptyTable: RouteTable = buildRouteTable([]);

/** `Host` header without port, lower case. */
export function hostNameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/** Host name first, then the header, then the default. A header that selects nothing never falls through to the default. */
export function chooseRoute(table: RouteTable, host: string, headerValue: string | undefined): RouteEntry | GatewayProblem {
  const name = hostNameOf(host);
  const byHost = table.byHost.get(name);
  if (byHost !== undefined) return byHost;
  if (headerValue !== undefined && headerValue !== '') {
    const byHeader = table.byHeader.get(headerValue);
    if (byHeader !== undefined) return byHeader;
    return {
      code: 'NO_ROUTE',
      detail: `X-Trino-XTrinode: ${JSON.stringify(headerValue)} selects no runtime. Use <namespace>/<name> of an XTrinode, or the value of its spec.routing.header (kubectl get tn -A shows them).`,
    };
  }
  if (table.defaultEntry !== undefined) return table.defaultEntry;
  return {
    code: 'NO_ROUTE',
    detail: `host name ${JSON.stringify(name)} selects no runtime, and none is the default. Set spec.routing.hostname or spec.routing.default: true on an XTrinode, or send X-Trino-XTrinode: <namespace>/<name>.`,
  };
}

export function isProblem(choice: RouteEntry | GatewayProblem): choice is GatewayProblem {
  return 'code' in choice;
}
