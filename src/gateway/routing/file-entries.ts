// What a routes file says: a list of route entries as people write them, with defaults for what is seldom said (design D7).
// Pure: the text is parsed elsewhere, and nothing here knows where it came from.
import { routeStates, type RouteEntry } from '#apis/v1/route-entry.ts';
import { keyOfEntry } from './route-table.ts';

export interface FileEntries {
  /** The good ones, in the file's order. */
  readonly entries: readonly RouteEntry[];
  /** One sentence per bad one: which entry, which field, its value and how to mend it. */
  readonly problems: readonly string[];
}

interface Field {
  /** Completes "it must be ...". */
  readonly must: string;
  readonly isGood: (value: unknown) => boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isName = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);
const isHostList = (value: unknown): boolean => Array.isArray(value) && value.every((host) => isText(host) && /^[a-z0-9.-]+$/.test(host));

function isAddress(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, pathname, search } = new URL(value);
  return protocol === 'http:' && pathname === '/' && search === '';
}

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

const aName: Field = { must: 'a Kubernetes name such as team-a', isGood: isName };
const aText: Field = { must: 'text', isGood: isText };

const fields: Readonly<Record<keyof RouteEntry, Field>> = {
  schema: { must: '1, or left out', isGood: (value) => value === 1 },
  namespace: aName,
  name: aName,
  state: { must: `one of ${routeStates.join(', ')}`, isGood: (value) => (routeStates as readonly unknown[]).includes(value) },
  routingGroup: aText,
  hosts: { must: 'a list of host names in lower case and without port, such as [trino.example.com]', isGood: isHostList },
  headerValues: { must: 'a list of texts, such as [team-a]', isGood: isTextList },
  isDefault: { must: 'true or false', isGood: (value) => typeof value === 'boolean' },
  weight: { must: 'a positive number, such as 4', isGood: (value) => typeof value === 'number' && value > 0 },
  stickyBy: { must: 'User, or left out', isGood: (value) => value === 'User' },
  coordinatorUrl: { must: 'the address of a coordinator without a path, such as http://10.0.0.5:8080', isGood: isAddress },
  coordinatorId: aText,
  instance: aText,
  retiring: { must: 'a list of objects with coordinatorId and coordinatorUrl', isGood: isRetiringList },
  trinoVersion: { must: 'a version of Trino as a number, such as 483', isGood: (value) => typeof value === 'number' && value > 0 },
  patienceMs: { must: 'a positive number of milliseconds, such as 600000', isGood: (value) => typeof value === 'number' && value > 0 },
  failure: { must: 'an object with reason and message', isGood: isFailure },
  note: aText,
};

function shown(value: unknown): string {
  return value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
}

/** What is wrong with one entry, or undefined. */
function problemOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['namespace', 'name', 'state'] as const)
    if (!fields[name].isGood(entry[name])) return `${name} ${shown(entry[name])}: it must be ${fields[name].must}`;
  for (const [name, value] of Object.entries(entry)) {
    const field = Object.hasOwn(fields, name) ? fields[name as keyof RouteEntry] : undefined;
    if (field === undefined) return `${name} is no field of a route entry: remove it. Fields are ${Object.keys(fields).join(', ')}`;
    if (!field.isGood(value)) return `${name} ${shown(value)}: it must be ${field.must}`;
  }
  if (entry['state'] === 'RUNNING' && entry['coordinatorUrl'] === undefined)
    return `coordinatorUrl is missing: state RUNNING needs ${fields.coordinatorUrl.must}`;
  return undefined;
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

/** `list`: the parsed file. Throws nothing. */
export function readFileEntries(list: unknown): FileEntries {
  if (!Array.isArray(list))
    return { entries: [], problems: ['the file is not a list of route entries: begin each with "- namespace: ..."'] };
  const entries: RouteEntry[] = [];
  const problems: string[] = [];
  const claimedBy = new Map<string, { readonly key: string; readonly routingGroup: string }>();
  for (const [index, given] of (list as readonly unknown[]).entries()) {
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    const { namespace, name } = (isObject ? given : {}) as { namespace?: unknown; name?: unknown };
    const where = `entry ${index + 1}${isText(namespace) && isText(name) ? ` (${namespace}/${name})` : ''}`;
    const problem = isObject ? problemOf(given as Record<string, unknown>) : `it ${shown(given)}: it must be an object`;
    if (problem !== undefined) {
      problems.push(`${where}: ${problem}`);
      continue;
    }
    const entry = complete(given as RouteEntry);
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
