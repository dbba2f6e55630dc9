// One entry of the gateway's route table: what the operator writes and the gateway reads (design D7). Pure.
// Key `<namespace>.<name>.json` in a ConfigMap with the routes label; the value is this as JSON.

export const routeStates = ['RUNNING', 'RESUMING', 'PAUSED', 'DRAINING', 'REMOVED'] as const;
export type RouteState = (typeof routeStates)[number];

export interface RouteEntry {
  /** Version of this schema; a gateway ignores entries of a higher one and says so. */
  readonly schema: 1;
  readonly namespace: string;
  readonly name: string;
  readonly state: RouteState;
  readonly routingGroup: string;
  /** Exact host names, lower case, without port. */
  readonly hosts: readonly string[];
  /** Values of X-Trino-XTrinode. */
  readonly headerValues: readonly string[];
  readonly isDefault: boolean;
  /** Share of queries within the routing group; default 1. */
  readonly weight?: number;
  /** Within the routing group a user stays with one runtime. */
  readonly stickyBy?: 'User';
  /** So many queries run at a time, through all gateways together; further ones wait. Any number where it is absent. */
  readonly maxRunning?: number;
  /** http://address:port or https://address:port of the coordinator; absent while there is none. */
  readonly coordinatorUrl?: string;
  /** Suffix of its query ids. */
  readonly coordinatorId?: string;
  /** Pod uid and restart count: changes with every start of the process. */
  readonly instance?: string;
  /** Coordinators of former revisions: they take no new queries, but answer for the ones they know. */
  readonly retiring?: readonly { readonly coordinatorId: string; readonly coordinatorUrl: string }[];
  readonly trinoVersion: number;
  /** Longest time a statement waits for the runtime, in ms. */
  readonly patienceMs: number;
  /** Why the runtime cannot start; waiting statements end with it. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** One sentence for people: why it is in this state. */
  readonly note?: string;
}

/** `failure.reason` of a PAUSED entry where no API server can be asked to wake it: a statement for it ends at once. */
export const nobodyToWake = 'NobodyToWake';

/** Text of an entry, stable for equal entries. */
export function formatRouteEntry(entry: RouteEntry): string {
  return JSON.stringify(entry);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isRetiringList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item: unknown) => {
      const { coordinatorId, coordinatorUrl } = (item ?? {}) as { readonly coordinatorId?: unknown; readonly coordinatorUrl?: unknown };
      return typeof coordinatorId === 'string' && typeof coordinatorUrl === 'string' && URL.canParse(coordinatorUrl);
    })
  );
}

/** The entry, or one sentence on what is wrong with it. */
export function parseRouteEntry(text: string): RouteEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (typeof value !== 'object' || value === null) return 'is not a JSON object';
  const entry = value as Partial<Record<keyof RouteEntry, unknown>>;
  if (entry.schema !== 1) return `has schema ${JSON.stringify(entry.schema)}; this gateway reads schema 1`;
  if (typeof entry.namespace !== 'string' || typeof entry.name !== 'string') return 'lacks namespace or name';
  if (!(routeStates as readonly unknown[]).includes(entry.state))
    return `has state ${JSON.stringify(entry.state)}; known are ${routeStates.join(', ')}`;
  // Two entries without one would share it, and with it their queries.
  if (typeof entry.routingGroup !== 'string' || entry.routingGroup === '') return 'lacks routingGroup';
  if (!isTextList(entry.hosts) || !isTextList(entry.headerValues)) return 'hosts and headerValues must be lists of text';
  if (![entry.coordinatorUrl, entry.coordinatorId, entry.instance, entry.note].every(isOptionalText))
    return 'coordinatorUrl, coordinatorId, instance and note must be text';
  if (entry.coordinatorUrl !== undefined && !URL.canParse(entry.coordinatorUrl as string))
    return `coordinatorUrl ${JSON.stringify(entry.coordinatorUrl)} is not a URL`;
  if (entry.retiring !== undefined && !isRetiringList(entry.retiring))
    return 'retiring must list objects with coordinatorId and coordinatorUrl';
  if (typeof entry.patienceMs !== 'number' || !(entry.patienceMs > 0)) return 'patienceMs must be a positive number';
  if (typeof entry.isDefault !== 'boolean') return 'isDefault must be true or false';
  if (entry.weight !== undefined && !(typeof entry.weight === 'number' && entry.weight > 0)) return 'weight must be a positive number';
  if (entry.maxRunning !== undefined && !(Number.isInteger(entry.maxRunning) && (entry.maxRunning as number) > 0))
    return 'maxRunning must be a positive whole number';
  return value as RouteEntry;
}
