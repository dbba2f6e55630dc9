// What a routes file says: a list of route entries as people write them, with defaults for what is seldom said (design D7), or the
// Go reference's routes.yaml. Pure: the text is parsed elsewhere, and nothing here knows where it came from.
import { routeStates, type RouteEntry } from '#apis/v1/route-entry.ts';
import { aName, anAddress, aText, aTruth, findFieldProblem, isAddress, isObject, isText, oneOf, shown, type Field } from './file-fields.ts';
import { readReferenceRoutes, type Reading } from './reference-routes.ts';
import { keyOfEntry } from './route-table.ts';

export interface FileEntries {
  /** The good ones, in the file's order. */
  readonly entries: readonly RouteEntry[];
  /** One sentence per bad one: which entry, which field, its value and how to mend it. */
  readonly problems: readonly string[];
}

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isHostList = (value: unknown): boolean => Array.isArray(value) && value.every((host) => isText(host) && /^[a-z0-9.-]+$/.test(host));

const isWhole = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

function isRetiringList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (item: { coordinatorId?: unknown; coordinatorUrl?: unknown } | null) =>
        isText(item?.coordinatorId) && isAddress(item?.coordinatorUrl),
    )
  );
}

function isFailure(value: unknown): boolean {
  const { reason, message } = (value ?? {}) as { reason?: unknown; message?: unknown };
  return isText(reason) && isText(message);
}

const fields: Readonly<Record<keyof RouteEntry, Field>> = {
  schema: { must: '1, or left out', isGood: (value) => value === 1 },
  namespace: aName,
  name: aName,
  state: oneOf(routeStates),
  routingGroup: aText,
  hosts: { must: 'a list of host names in lower case and without port, such as [trino.example.com]', isGood: isHostList },
  headerValues: { must: 'a list of texts, such as [team-a]', isGood: isTextList },
  isDefault: aTruth,
  weight: { must: 'a positive number, such as 4', isGood: (value) => typeof value === 'number' && value > 0 },
  stickyBy: { must: 'User, or left out', isGood: (value) => value === 'User' },
  maxRunning: { must: 'how many queries may run at a time, such as 20, or left out', isGood: isWhole },
  coordinatorUrl: anAddress,
  coordinatorId: aText,
  instance: aText,
  retiring: { must: 'a list of objects with coordinatorId and coordinatorUrl', isGood: isRetiringList },
  trinoVersion: { must: 'a version of Trino as a number, such as 483', isGood: (value) => typeof value === 'number' && value > 0 },
  patienceMs: { must: 'a positive number of milliseconds, such as 600000', isGood: (value) => typeof value === 'number' && value > 0 },
  failure: { must: 'an object with reason and message', isGood: isFailure },
  note: aText,
};

/** What is wrong with one entry, or undefined. */
function problemOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  const problem = findFieldProblem(entry, { what: 'a route entry', fields, required: ['namespace', 'name', 'state'] });
  if (problem === undefined && entry['state'] === 'RUNNING' && entry['coordinatorUrl'] === undefined)
    return `coordinatorUrl is missing: state RUNNING needs ${fields.coordinatorUrl.must}`;
  return problem;
}

/** What a person may leave out. */
function defaultsOf({ namespace, name }: Pick<RouteEntry, 'namespace' | 'name'>): Partial<RouteEntry> {
  return {
    schema: 1,
    routingGroup: `${namespace}--${name}`,
    hosts: [],
    headerValues: [`${namespace}/${name}`],
    isDefault: false,
    trinoVersion: 483,
    patienceMs: 600_000,
  };
}

function complete(given: RouteEntry): RouteEntry {
  const { coordinatorUrl } = given;
  const url = coordinatorUrl === undefined ? {} : { coordinatorUrl: new URL(coordinatorUrl).origin };
  return { ...defaultsOf(given), ...given, ...url };
}

function claimsOf(entry: RouteEntry): string[] {
  if (entry.state === 'REMOVED') return [];
  const { hosts, headerValues, isDefault } = entry;
  return [
    ...hosts.map((host) => `hosts: ${host}`),
    ...headerValues.map((value) => `headerValues: ${value}`),
    ...(isDefault ? ['isDefault: true'] : []),
  ];
}

function readEntry(given: unknown, index: number): Reading {
  const { namespace, name } = isObject(given) ? given : {};
  const where = `entry ${index + 1}${isText(namespace) && isText(name) ? ` (${namespace}/${name})` : ''}`;
  const problem = isObject(given) ? problemOf(given) : `it ${shown(given)}: it must be an object`;
  return problem === undefined ? { where, given: given as Partial<RouteEntry> } : { where, problem };
}

/** Which of the two it is, its shape says: ours is a list, the reference's has one under `routes`. */
function readingsOf(document: unknown): readonly Reading[] | undefined {
  if (Array.isArray(document)) return document.map(readEntry);
  const routes = isObject(document) ? document['routes'] : undefined;
  return Array.isArray(routes) ? readReferenceRoutes(routes) : undefined;
}

/** `document`: the parsed file. Throws nothing. */
export function readFileEntries(document: unknown): FileEntries {
  const readings = readingsOf(document);
  if (readings === undefined) {
    const problem =
      'the file is not a list of route entries: begin each with "- namespace: ...", or give a routes.yaml with its list "routes:"';
    return { entries: [], problems: [problem] };
  }
  const entries: RouteEntry[] = [];
  const problems: string[] = [];
  const claimedBy = new Map<string, { readonly key: string; readonly routingGroup: string }>();
  for (const reading of readings) {
    const { where } = reading;
    if ('problem' in reading) {
      problems.push(`${where}: ${reading.problem}`);
      continue;
    }
    const entry = complete(reading.given as RouteEntry);
    const key = keyOfEntry(entry);
    const claims = [`namespace and name: ${key}`, ...claimsOf(entry)];
    const taken = claims.find(
      (claim) => ![undefined, entry.routingGroup].includes(claimedBy.get(claim)?.routingGroup) || claimedBy.get(claim)?.key === key,
    );
    if (taken !== undefined) {
      const mend = 'leave it to one of them, or give both the same routingGroup';
      problems.push(`${where}: ${taken} belongs to ${claimedBy.get(taken)?.key} above: ${mend}`);
      continue;
    }
    for (const claim of claims) if (!claimedBy.has(claim)) claimedBy.set(claim, { key, routingGroup: entry.routingGroup });
    entries.push(entry);
  }
  return { entries, problems };
}
