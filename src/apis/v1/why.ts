// Why a runtime is awake, asleep or on its way, in plain words (design D1): the answer of `xtrinode why` and of the API
// server. Reads status only, so it says what the operator decided and not what it should have. Pure.
import type { XTrinode, XTrinodeStatus } from './objects.ts';

type StatusCondition = NonNullable<XTrinodeStatus['conditions']>[number];
type Named = { readonly metadata: { readonly namespace?: string; readonly name: string } };

/** One sentence or two per line; the first answers the question, the others say what follows. Throws nothing. */
export function explainRuntime(runtime: XTrinode, nowMs: number): readonly string[] {
  const { spec, status } = runtime;
  const name = nameOf(runtime);
  if (runtime.metadata.deletionTimestamp !== undefined) {
    return [
      `${name} is being deleted since ${ago(runtime.metadata.deletionTimestamp, nowMs)}: running queries may finish, new ones are refused.`,
      ...problems(runtime),
    ];
  }
  const lifecycle = status?.lifecycle;
  if (lifecycle === undefined) {
    return [
      `Nobody has looked at ${name} yet: no operator has written a status. Is one running? (xtrinode up, or the operator Deployment)`,
    ];
  }
  const lines = [`${name} ${stateOf(runtime)}, because ${lifecycle.message} (decided ${ago(lifecycle.decidedAt, nowMs)}).`];
  if (lifecycle.previous !== undefined) {
    const { desired, message, decidedAt } = lifecycle.previous;
    lines.push(`Before that it was told to ${desired === 'Awake' ? 'be awake' : 'sleep'}, because ${message} (${ago(decidedAt, nowMs)}).`);
  }
  lines.push(...oddities(runtime), ...waits(runtime, nowMs));
  if (spec.suspended !== lifecycle.seenSuspended) lines.push('Its spec changed since; the operator has not acted on that yet.');
  return [...lines, ...problems(runtime)];
}

function nameOf({ metadata }: Named): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

function stateOf(runtime: XTrinode): string {
  switch (runtime.status?.phase) {
    case 'Ready':
      return 'is awake';
    case 'Suspended':
      return 'sleeps';
    case 'Suspending':
      return 'is going to sleep';
    case 'Resuming':
      return 'is waking';
    case 'Error':
      return `is in trouble (it should ${runtime.status.lifecycle?.desired === 'Asleep' ? 'sleep' : 'be awake'})`;
    default:
      return runtime.status?.lifecycle?.desired === 'Asleep' ? 'is to sleep' : 'is being made ready';
  }
}

/** Two states that look wrong and are right (design D1). Decisions for demand and idleness say themselves what follows. */
function oddities(runtime: XTrinode): readonly string[] {
  const { spec, status } = runtime;
  const { desired, cause } = status?.lifecycle ?? {};
  if (desired === 'Awake' && spec.suspended) {
    const rest = cause === 'Demand' ? '' : 'Its spec says suspended: true, so it goes back to sleep when idle. ';
    return [`${rest}To put it to sleep at once: xtrinode suspend ${commandName(runtime)}`];
  }
  if (desired !== 'Asleep') return [];
  const wakes = cause === 'Idle' || cause === 'DemandEnded' || cause === 'StartFailed' ? [] : ['The next query wakes it all the same.'];
  return spec.suspended
    ? wakes
    : [`Its spec says suspended: false, so it only rests. Wake it at once: xtrinode resume ${commandName(runtime)}`, ...wakes];
}

function commandName({ metadata }: Named): string {
  return metadata.namespace === undefined || metadata.namespace === 'default' ? metadata.name : `${metadata.name} -n ${metadata.namespace}`;
}

function waits(runtime: XTrinode, nowMs: number): readonly string[] {
  const { spec, status } = runtime;
  const lifecycle = status?.lifecycle;
  if (lifecycle === undefined || lifecycle.desired === 'Asleep') {
    return status?.phase === 'Suspending' ? ['It waits for running queries and open transactions to end before its processes stop.'] : [];
  }
  if (status?.phase !== 'Ready') {
    const first = blocking(status?.conditions ?? []);
    return first === undefined ? [] : [`It waits for: ${first.message} (${first.type}, for ${since(first.lastTransitionTime, nowMs)}).`];
  }
  if (spec.autoSuspendAfter === 'never') return spec.suspended ? [] : ['It never sleeps by itself (autoSuspendAfter: never).'];
  const last = status.lastActivity === undefined ? '' : ` The last query activity seen was ${ago(status.lastActivity, nowMs)}.`;
  return [`It goes to sleep after ${spec.autoSuspendAfter} without a query or an open transaction.${last}`];
}

/** The earliest step that is not done is what everything after it waits for. */
function blocking(conditions: readonly StatusCondition[]): StatusCondition | undefined {
  const order = ['CatalogsReady', 'TrinoResourcesReady', 'RuntimeReady', 'RouteReady', 'Ready'];
  // A refused catalog takes nothing else down, so it is a problem and never what the runtime waits for.
  return order.slice(1).flatMap((type) => conditions.filter((one) => one.type === type && one.status !== 'True'))[0];
}

function problems(runtime: XTrinode): readonly string[] {
  return (runtime.status?.conditions ?? []).flatMap((one) => {
    if (one.type === 'CatalogsReady' && one.status === 'False') return [`A catalog is left out: ${one.message}.`];
    if (one.type === 'FieldsIgnored' && one.status === 'True') return [`Fields ${one.message}.`];
    if (one.type === 'RouteReady' && one.status === 'False' && runtime.status?.phase === 'Ready') return [`Its route: ${one.message}.`];
    return [];
  });
}

function since(instant: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(instant)) / 1000));
  if (Number.isNaN(seconds)) return 'an unknown time';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function ago(instant: string, nowMs: number): string {
  return `${since(instant, nowMs)} ago`;
}
