// Our objects as the operator may rely on them, whatever wrote them and whichever release of the CRD let them in: absent
// fields have their defaults, and a spec that cannot be acted on comes with its problems and a safe stand-in, so that one bad
// object is told on itself and disturbs no other. Pure; throws nothing.
import type { KubeObject } from '#core/objects.ts';
import { lifecycleSchema, specDefaults } from './defaults.ts';
import type { XTrinode, XTrinodeCatalog, XTrinodeSpec, XTrinodeStatus } from './objects.ts';
import { findXTrinodeProblems, type FieldProblem } from './xtrinode.rules.ts';

type Members = Readonly<Record<string, unknown>>;

export interface ReadRuntime {
  readonly runtime: XTrinode;
  readonly problems: readonly FieldProblem[];
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withDefaults(spec: Members): Members {
  const isComplete = Object.keys(specDefaults).every((name) => spec[name] !== undefined);
  return isComplete ? spec : { ...specDefaults, ...spec };
}

/** What can be kept of a spec with problems: enough to say whether it should sleep, and for how long a query waits. */
function standIn(spec: Members, problems: readonly FieldProblem[]): XTrinodeSpec {
  const isSound = (name: string): boolean =>
    spec[name] !== undefined && problems.every(({ field }) => field !== `spec.${name}` && !field.startsWith(`spec.${name}.`));
  const kept = [...Object.keys(specDefaults), 'size', 'routing'].filter(isSound).map((name) => [name, spec[name]]);
  return { size: 'xs', ...specDefaults, ...Object.fromEntries(kept) } as XTrinodeSpec;
}

/** A lifecycle of another schema says nothing to us: as if the status were lost, the spec decides (design D1). */
function readStatus(status: unknown): XTrinodeStatus | undefined {
  if (!isMembers(status)) return undefined;
  const { lifecycle, ...rest } = status;
  const isOurs = isMembers(lifecycle) && (lifecycle['schema'] ?? lifecycleSchema) === lifecycleSchema;
  return lifecycle === undefined || isOurs ? status : rest;
}

export function readRuntime(object: KubeObject): ReadRuntime {
  const { spec: given, status: givenStatus } = object as KubeObject & { readonly spec?: unknown; readonly status?: unknown };
  const spec = isMembers(given) ? withDefaults(given) : {};
  const problems = findXTrinodeProblems(isMembers(given) ? spec : given);
  const status = readStatus(givenStatus);
  if (problems.length === 0 && spec === given && status === givenStatus) return { runtime: object as XTrinode, problems };
  const { status: _, ...rest } = object as XTrinode;
  const read = { ...rest, spec: problems.length === 0 ? (spec as XTrinodeSpec) : standIn(spec, problems) };
  return { runtime: status === undefined ? read : { ...read, status }, problems };
}

export type RuntimeReader = (object: KubeObject) => ReadRuntime;

/** Reads each object once: what a cache holds is read in every pass, and of all runtimes whenever a claim changes. */
export function createRuntimeReader(): RuntimeReader {
  const known = new WeakMap<KubeObject, ReadRuntime>();
  return (object) => {
    const read = known.get(object) ?? readRuntime(object);
    known.set(object, read);
    return read;
  };
}

/** What a catalog's connector may be is for findCatalogProblems to say; labels that are none match nothing. */
export function readCatalog(object: KubeObject): XTrinodeCatalog {
  const { spec } = object as KubeObject & { readonly spec?: unknown };
  const { connector, labels } = isMembers(spec) ? spec : {};
  if (isMembers(connector) && (labels === undefined || isMembers(labels))) return object as XTrinodeCatalog;
  const read = { connector: isMembers(connector) ? connector : {}, ...(isMembers(labels) ? { labels } : {}) };
  return { ...object, spec: read } as XTrinodeCatalog;
}
