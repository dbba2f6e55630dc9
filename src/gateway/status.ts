// What a gateway knows of its runtimes right now, for people (`/status`) and for metrics. It names neither users nor statements.
// Pure.
import type { RouteEntry, RouteState } from '#apis/v1/route-entry.ts';
import type { Ejection } from './health/coordinator-health.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';

export interface RuntimeStatus {
  readonly namespace: string;
  readonly name: string;
  readonly routingGroup: string;
  readonly state: RouteState;
  /** How clients select it. */
  readonly hosts: readonly string[];
  readonly headerValues: readonly string[];
  readonly isDefault: boolean;
  readonly coordinatorId?: string;
  readonly note?: string;
  /** Statements that wait here for it, and at no other gateway. */
  readonly queued: number;
  /** Queries whose pages go through here; those that a client follows through several gateways in turn while a page is asked for here. */
  readonly running: number;
  /** Its coordinator does not answer; since when (RFC 3339), and what became of our own question. */
  readonly ejected?: { readonly since: string; readonly why: string };
}

export interface GatewayStatus {
  readonly isReady: boolean;
  readonly isStopping: boolean;
  /** Open ones. */
  readonly connections: { readonly clients: number; readonly coordinators: number };
  /** Requests of clients that are kept open until their statement comes through. */
  readonly openRequests: number;
  /** Memory that waiting statements take, of what they may take in all. */
  readonly heldBytes: number;
  /** By namespace and name; deleted ones left out. */
  readonly runtimes: readonly RuntimeStatus[];
}

export interface StatusInput extends Pick<GatewayStatus, 'isReady' | 'isStopping' | 'connections' | 'openRequests' | 'heldBytes'> {
  readonly table: RouteTable;
  readonly queuedFor: (runtime: string) => number;
  readonly runningOn: (runtime: string) => number;
  readonly ejectionOf: (coordinatorUrl: string | undefined) => Ejection | undefined;
}

function statusOf(entry: RouteEntry, { queuedFor, runningOn, ejectionOf }: StatusInput): RuntimeStatus {
  const { namespace, name, routingGroup, state, hosts, headerValues, isDefault, coordinatorId, note } = entry;
  const key = keyOfEntry(entry);
  const ejection = ejectionOf(entry.coordinatorUrl);
  return {
    namespace,
    name,
    routingGroup,
    state,
    hosts,
    headerValues,
    isDefault,
    ...(coordinatorId === undefined ? {} : { coordinatorId }),
    ...(note === undefined ? {} : { note }),
    queued: queuedFor(key),
    running: runningOn(key),
    ...(ejection === undefined ? {} : { ejected: { since: new Date(ejection.since).toISOString(), why: ejection.why } }),
  };
}

export function describeGateway(input: StatusInput): GatewayStatus {
  const { table, isReady, isStopping, connections, openRequests, heldBytes } = input;
  const present = [...table.byKey].filter(([, { state }]) => state !== 'REMOVED').sort(([a], [b]) => (a < b ? -1 : 1));
  return { isReady, isStopping, connections, openRequests, heldBytes, runtimes: present.map(([, entry]) => statusOf(entry, input)) };
}
