// Who owns which routing group, host name, header value and the default route, over all runtimes at once: the oldest claim wins
// (design D7), and the members of a routing group have its claims in common. Pure; the loser learns that the claim is taken, not by
// whom.
import type { XTrinode } from '#apis/v1/objects.ts';

export interface RouteClaims {
  readonly routingGroup: string;
  readonly hosts: readonly string[];
  readonly headerValues: readonly string[];
  readonly isDefault: boolean;
  /** Claims that somebody older holds, in words. */
  readonly lost: readonly string[];
}

interface WantedClaims {
  readonly routingGroup: string;
  readonly host: string | undefined;
  readonly header: string | undefined;
  readonly isDefault: boolean;
}

/** Source: reference-api 1.6: the part after the first `=` or `:` is the value, the name in front of it is ignored. */
export function headerValueOf(header: string): string {
  const cut = /^[^=:]*[=:](.*)$/s.exec(header);
  return (cut?.[1] ?? header).trim();
}

export function wantedClaims(runtime: XTrinode): WantedClaims {
  const { namespace = 'default', name } = runtime.metadata;
  const routing = runtime.spec.routing;
  const routingGroup = routing?.routingGroup ?? `${namespace}--${name}`;
  const host = routing?.hostname ?? (routing?.hostnameDomain === undefined ? undefined : `${routingGroup}.${routing.hostnameDomain}`);
  return {
    routingGroup,
    host: host?.toLowerCase(),
    header: routing?.header === undefined ? undefined : headerValueOf(routing.header),
    isDefault: routing?.default === true,
  };
}

export function ownName(runtime: XTrinode): string {
  return `${runtime.metadata.namespace ?? 'default'}/${runtime.metadata.name}`;
}

function isOlder(a: XTrinode, b: XTrinode): number {
  const ageA = a.metadata.creationTimestamp ?? '';
  const ageB = b.metadata.creationTimestamp ?? '';
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return ownName(a) < ownName(b) ? -1 : 1;
}

/** The group of a runtime that names none, or may not have the one that it names. */
function ownGroup({ metadata: { namespace = 'default', name } }: XTrinode): string {
  return `${namespace}--${name}`;
}

/** Whether a runtime may be of the group that an older one has: of one namespace, or by that one's consent. */
function mayJoin(runtime: XTrinode, owner: XTrinode): boolean {
  const { namespace = 'default' } = runtime.metadata;
  return namespace === (owner.metadata.namespace ?? 'default') || owner.spec.routing?.sharedWith?.includes(namespace) === true;
}

/** The routing group that each runtime really is of; `runtimes` from old to young. */
function grantGroups(runtimes: readonly XTrinode[]): ReadonlyMap<XTrinode, string> {
  // Whoever names none must always have its own, however young it is.
  const owners = new Map(runtimes.map((runtime) => [ownGroup(runtime), runtime]));
  const granted = new Map<XTrinode, string>();
  for (const runtime of runtimes) {
    const { routingGroup } = wantedClaims(runtime);
    const owner = owners.get(routingGroup);
    if (owner === undefined) owners.set(routingGroup, runtime);
    granted.set(runtime, owner === undefined || mayJoin(runtime, owner) ? routingGroup : ownGroup(runtime));
  }
  return granted;
}

/** Claims of every runtime by `namespace/name`. A runtime's own `<namespace>/<name>` as header value is always its own. */
export function resolveClaims(runtimes: readonly XTrinode[]): ReadonlyMap<string, RouteClaims> {
  const ownNames = new Set(runtimes.map((runtime) => ownName(runtime)));
  const fromOldToYoung = [...runtimes].sort(isOlder);
  const groups = grantGroups(fromOldToYoung);
  /** The group that has a claim. */
  const taken = new Map<string, string>();
  const result = new Map<string, RouteClaims>();
  for (const runtime of fromOldToYoung) {
    const key = ownName(runtime);
    const wanted = wantedClaims(runtime);
    const routingGroup = groups.get(runtime) ?? ownGroup(runtime);
    const take = (claim: string): boolean => {
      if (!taken.has(claim)) taken.set(claim, routingGroup);
      return taken.get(claim) === routingGroup;
    };
    const lost: string[] =
      routingGroup === wanted.routingGroup
        ? []
        : [`routing group ${wanted.routingGroup} (unless a runtime of it names this namespace in spec.routing.sharedWith)`];
    const hosts: string[] = [];
    const headerValues = [key];
    if (wanted.host !== undefined) {
      if (take(`host ${wanted.host}`)) hosts.push(wanted.host);
      else lost.push(`host name ${wanted.host}`);
    }
    // A value that is empty would be matched by no request.
    if (wanted.header !== undefined && wanted.header !== '' && wanted.header !== key) {
      if (!ownNames.has(wanted.header) && take(`header ${wanted.header}`)) headerValues.push(wanted.header);
      else lost.push(`header value ${wanted.header}`);
    }
    const isDefault = wanted.isDefault && take('default');
    if (wanted.isDefault && !isDefault) lost.push('the default route');
    result.set(key, { routingGroup, hosts, headerValues, isDefault, lost });
  }
  return result;
}
