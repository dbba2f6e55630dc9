// Who owns which host name, header value and the default route, over all runtimes at once: the oldest claim wins (design
// D7). Pure; the loser learns that the claim is taken, not by whom.
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

/** Claims of every runtime by `namespace/name`. A runtime's own `<namespace>/<name>` as header value is always its own. */
export function resolveClaims(runtimes: readonly XTrinode[]): ReadonlyMap<string, RouteClaims> {
  const ownNames = new Set(runtimes.map((runtime) => ownName(runtime)));
  const taken = new Set<string>();
  const take = (claim: string): boolean => {
    if (taken.has(claim)) return false;
    taken.add(claim);
    return true;
  };
  const result = new Map<string, RouteClaims>();
  for (const runtime of [...runtimes].sort(isOlder)) {
    const key = ownName(runtime);
    const wanted = wantedClaims(runtime);
    const lost: string[] = [];
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
    result.set(key, { routingGroup: wanted.routingGroup, hosts, headerValues, isDefault, lost });
  }
  return result;
}
