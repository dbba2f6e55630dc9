// Faults of an API server as data: which calls, how often, when, and what happens to them. fault-proxy.ts makes them happen.
import { isWrite, type ApiCall, type ApiVerb } from '#kube/control/intercepted-api.ts';

export type Fault =
  | { readonly do: 'delay'; readonly ms: number }
  /** The connection breaks: before the call was sent, after its work was done, or in the middle of the answer. */
  | { readonly do: 'reset'; readonly when: 'before' | 'after' | 'midway' }
  /** The server takes the call and says nothing ever after; the caller's time-out ends it. */
  | { readonly do: 'hang' }
  | { readonly do: 'answer'; readonly code: number; readonly reason: string; readonly retryAfterSeconds?: number }
  /** A list: as it was the first time. */
  | { readonly do: 'stale' }
  /** A watch: nothing comes through it, not even its end. */
  | { readonly do: 'silence' }
  /** A watch: breaks (cut), or ends as if its time were up (close), after so many events; what is under way then is lost. */
  | { readonly do: 'cut' | 'close'; readonly afterEvents: number };

export interface FaultRule {
  readonly on: 'all' | 'writes' | 'calls' | readonly ApiVerb[];
  /** Restricts to a resource, and to names that begin so. */
  readonly plural?: string;
  readonly name?: string;
  /** Of the calls that match, one in so many, spread unevenly so that no pattern of calls runs in step with it; default each. */
  readonly every?: number;
  /** Since the script began, in ms. Open watches are concerned from `fromMs` on, too. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly fault: Fault;
}

export type FaultScript = readonly FaultRule[];

export interface FaultClerk {
  /** The fault of this call, if any; each call is to be asked about once. */
  faultOf(call: ApiCall, atMs: number): Fault | undefined;
}

/** Its multiples, without their whole part, fill the unit interval evenly and never repeat. */
const goldenRatio = 0.618_033_988_75;

function matches(rule: FaultRule, call: ApiCall, atMs: number): boolean {
  const { on, plural, name, fromMs = 0, untilMs = Number.POSITIVE_INFINITY } = rule;
  if (atMs < fromMs || atMs >= untilMs) return false;
  if (plural !== undefined && plural !== call.plural) return false;
  if (name !== undefined && call.name?.startsWith(name) !== true) return false;
  if (on === 'all') return true;
  if (on === 'writes') return isWrite(call);
  return on === 'calls' ? call.verb !== 'watch' : on.includes(call.verb);
}

/** Counts calls by rule; `atMs` is the time since the script began. */
export function createFaultClerk(script: FaultScript): FaultClerk {
  const counts = new Map<FaultRule, number>();
  return {
    faultOf(call, atMs) {
      for (const rule of script) {
        if (!matches(rule, call, atMs)) continue;
        const count = (counts.get(rule) ?? 0) + 1;
        counts.set(rule, count);
        if ((count * goldenRatio) % 1 < 1 / (rule.every ?? 1)) return rule.fault;
      }
      return undefined;
    },
  };
}
