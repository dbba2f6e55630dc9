// The route table as the gateway uses it: immutable, swapped whole. Pure (design D5, D7).
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { GatewayProblem } from '../problems.ts';

export interface RouteTable {
  /** All that may be asked, of one routing group, by name; never empty. */
  readonly byGroup: ReadonlyMap<string, readonly RouteEntry[]>;
  readonly byKey: ReadonlyMap<string, RouteEntry>;
  /** Where a routing group has several runtimes: the one that speaks for it. */
  readonly byHost: ReadonlyMap<string, RouteEntry>;
  readonly byHeader: ReadonlyMap<string, RouteEntry>;
  readonly byCoordinatorId: ReadonlyMap<string, RouteEntry>;
  /** Ids that two coordinators happen to have; they are not in `byCoordinatorId`. */
  readonly sharedCoordinatorIds: ReadonlySet<string>;
  readonly defaultEntry: RouteEntry | undefined;
}

export function keyOfEntry(entry: RouteEntry): string {
  return `${entry.namespace}/${entry.name}`;
}

function groupsOf(entries: readonly RouteEntry[]): Map<string, RouteEntry[]> {
  const groups = new Map<string, RouteEntry[]>();
  for (const entry of entries) {
    if (entry.state === 'REMOVED') continue;
    groups.set(entry.routingGroup, [...(groups.get(entry.routingGroup) ?? []), entry]);
  }
  for (const members of groups.values()) members.sort((a, b) => (keyOfEntry(a) < keyOfEntry(b) ? -1 : 1));
  return groups;
}

export function buildRouteTable(entries: Iterable<RouteEntry>): RouteTable {
  const byKey = new Map<string, RouteEntry>();
  const byHost = new Map<string, RouteEntry>();
  const byHeader = new Map<string, RouteEntry>();
  const byCoordinatorId = new Map<string, RouteEntry>();
  const sharedCoordinatorIds = new Set<string>();
  let defaultEntry: RouteEntry | undefined;
  const all = [...entries];
  const byGroup = groupsOf(all);
  const speakerOf = (entry: RouteEntry): RouteEntry => {
    const members = byGroup.get(entry.routingGroup) ?? [];
    return members.find(isUp) ?? members[0] ?? entry;
  };
  for (const entry of all) {
    byKey.set(keyOfEntry(entry), entry);
    // A tombstone claims nothing, but its queries are still known.
    const { coordinatorId = '' } = entry;
    if (byCoordinatorId.has(coordinatorId)) sharedCoordinatorIds.add(coordinatorId);
    if (coordinatorId !== '') byCoordinatorId.set(coordinatorId, entry);
    for (const { coordinatorId, coordinatorUrl } of entry.retiring ?? [])
      byCoordinatorId.set(coordinatorId, { ...entry, coordinatorId, coordinatorUrl });
    if (entry.state === 'REMOVED') continue;
    for (const host of entry.hosts) byHost.set(host, speakerOf(entry));
    for (const value of entry.headerValues) byHeader.set(value, value === keyOfEntry(entry) ? entry : speakerOf(entry));
    if (entry.isDefault) defaultEntry = speakerOf(entry);
  }
  for (const id of sharedCoordinatorIds) byCoordinatorId.delete(id);
  return { byGroup, byKey, byHost, byHeader, byCoordinatorId, sharedCoordinatorIds, defaultEntry };
}

export const emptyTable: RouteTable = buildRouteTable([]);

/** `Host` header without port and final dot, lower case. */
export function hostNameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
}

/**
 * Host name first, then the header, then the default (reference-gateway 2.2). A header that names no runtime is a mistake that
 * must be seen: it never reaches another one, neither the default nor the one of the host name.
 */
export function chooseRoute(table: RouteTable, host: string, headerValue: string | undefined): RouteEntry | GatewayProblem {
  const found = findRoute(table, host, headerValue);
  return 'code' in found ? found : found.entry;
}

export interface FoundRoute {
  readonly entry: RouteEntry;
  /** What of the request selects it. */
  readonly by: 'host name' | 'header' | 'default';
}

/** The same, with what decided. */
export function findRoute(table: RouteTable, host: string, headerValue: string | undefined): FoundRoute | GatewayProblem {
  const name = hostNameOf(host);
  const byHost = table.byHost.get(name);
  if (headerValue !== undefined && headerValue !== '') {
    const byHeader = table.byHeader.get(headerValue);
    if (byHeader !== undefined) return byHost === undefined ? { entry: byHeader, by: 'header' } : { entry: byHost, by: 'host name' };
    return {
      code: 'NO_ROUTE',
      detail: `X-Trino-XTrinode: ${JSON.stringify(headerValue)} selects no runtime. Use <namespace>/<name> of an XTrinode, or the value of its spec.routing.header (kubectl get tn -A shows them).`,
    };
  }
  if (byHost !== undefined) return { entry: byHost, by: 'host name' };
  if (table.defaultEntry !== undefined) return { entry: table.defaultEntry, by: 'default' };
  return {
    code: 'NO_ROUTE',
    detail: `host name ${JSON.stringify(name)} selects no runtime, and none is the default. Set spec.routing.hostname or spec.routing.default: true on an XTrinode, or send X-Trino-XTrinode: <namespace>/<name>.`,
  };
}

/** The runtimes that a request may go to: all of the routing group, unless it names one of them by `<namespace>/<name>`. */
export function membersOf(table: RouteTable, chosen: RouteEntry, headerValue?: string): readonly RouteEntry[] {
  const members = table.byGroup.get(chosen.routingGroup) ?? [];
  return members.length < 2 || headerValue === keyOfEntry(chosen) ? [chosen] : members;
}

export function isProblem(choice: RouteEntry | GatewayProblem): choice is GatewayProblem {
  return 'code' in choice;
}

/** Whether calls that are not about one known query can be answered by its coordinator. */
export function isUp(entry: RouteEntry): boolean {
  return entry.coordinatorUrl !== undefined && (entry.state === 'RUNNING' || entry.state === 'DRAINING');
}
