// The Go reference's routes.yaml as route entries: its field names, and what each of them meant there (reference-gateway 1.5). One
// route is one routing group, one backend of it one entry. Pure.
import { routeStates, type RouteEntry, type RouteState } from '#apis/v1/route-entry.ts';
import { aName, anAddress, aText, aTruth, findFieldProblem, isObject, isText, oneOf, shown, type Field } from './file-fields.ts';
import { hostNameOf } from './route-table.ts';

/** One entry of a file as it was given, or what is wrong with it. */
export type Reading = { readonly where: string } & ({ readonly given: Partial<RouteEntry> } | { readonly problem: string });

interface Route {
  readonly name: string;
  readonly routingGroup?: string;
  readonly hostname?: string;
  readonly header?: string;
  readonly default?: boolean;
  readonly backends: readonly unknown[];
}

interface Backend {
  readonly name: string;
  readonly namespace: string;
  readonly coordinatorURL: string;
  readonly state?: RouteState;
  readonly active?: boolean;
  readonly capacityUnits?: number;
}

const aNumber: Field = { must: 'a whole number, such as 4', isGood: Number.isSafeInteger };
const anything: Field = { must: 'anything', isGood: () => true };
const aHost: Field = {
  must: 'a host name, such as trino.example.com',
  isGood: (value) => isText(value) && /^[a-z0-9.-]+$/.test(hostNameOf(value)),
};

const route = {
  what: 'a route',
  fields: {
    name: aText,
    routingGroup: aText,
    hostname: aHost,
    header: aText,
    default: aTruth,
    backends: { must: 'a list of one backend or more', isGood: (value: unknown) => Array.isArray(value) && value.length > 0 },
  },
  required: ['name', 'backends'],
};

const backend = {
  what: 'a backend',
  fields: {
    name: aName,
    namespace: aName,
    coordinatorURL: anAddress,
    state: oneOf(routeStates),
    active: aTruth,
    capacityUnits: aNumber,
    // For people only, there and here.
    tier: anything,
    runtimeShapeVersion: anything,
    runtimeShapeHash: anything,
    observedGeneration: anything,
    drainUntil: anything,
  },
  required: ['namespace', 'name', 'coordinatorURL'],
};

/** What is empty was left out: so the reference reads it. */
function stated(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '' && value !== null));
}

/** What of `given` is stated, or what is wrong with it. */
function read(given: unknown, shape: typeof route | typeof backend): object | string {
  if (!isObject(given)) return `it ${shown(given)}: it must be an object`;
  const fields = stated(given);
  return findFieldProblem(fields, shape) ?? fields;
}

/** A backend that is not active answers for the queries it has, and gets no new ones. */
function stateOf({ state = 'RUNNING', active = true }: Backend): RouteState {
  return state === 'RUNNING' && !active ? 'DRAINING' : state;
}

function entryOf(group: Route, member: Backend): Partial<RouteEntry> {
  const { namespace, name, coordinatorURL, capacityUnits = 1 } = member;
  return {
    namespace,
    name,
    state: stateOf(member),
    coordinatorUrl: coordinatorURL,
    routingGroup: group.routingGroup ?? group.name,
    hosts: group.hostname === undefined ? [] : [hostNameOf(group.hostname)],
    headerValues: [...(group.header === undefined ? [] : [group.header]), `${namespace}/${name}`],
    isDefault: group.default ?? false,
    weight: Math.max(1, capacityUnits),
  };
}

function readBackend(group: Route, given: unknown, before: string): Reading {
  const { namespace, name } = isObject(given) ? given : {};
  const where = `${before}${isText(namespace) && isText(name) ? ` (${namespace}/${name})` : ''}`;
  const member = read(given, backend);
  return typeof member === 'string' ? { where, problem: member } : { where, given: entryOf(group, member as Backend) };
}

function readRoute(given: unknown, index: number): readonly Reading[] {
  const { name } = isObject(given) ? given : {};
  const where = `route ${index + 1}${isText(name) ? ` (${name})` : ''}`;
  const found = read(given, route);
  if (typeof found === 'string') return [{ where, problem: found }];
  const group = found as Route;
  return group.backends.map((member, at) => readBackend(group, member, `${where}, backend ${at + 1}`));
}

/** `routes`: the list of that name. Throws nothing. */
export function readReferenceRoutes(routes: readonly unknown[]): readonly Reading[] {
  return routes.flatMap(readRoute);
}
