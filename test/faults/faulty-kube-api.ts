// A KubeApi with faults by a script, in process and by a clock: what a caller meets at a bad API server or behind a bad network,
// without either. Nothing is faulty before `begin`.
import type { Clock } from '#core/clock.ts';
import { aborted, pause } from '#core/pause.ts';
import { KubeError, type KubeReason } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { interceptApi, type ApiCall } from '#kube/control/intercepted-api.ts';
import { createFaultClerk, type Fault, type FaultScript } from './script.ts';

export interface TimedCall extends ApiCall {
  readonly at: number;
}

export interface FaultyKubeApi {
  readonly api: KubeApi;
  /** Every call since `begin`, also those that met a fault. */
  readonly calls: readonly TimedCall[];
  begin(script: FaultScript): void;
}

interface OpenWatch {
  readonly cut: AbortController;
  isSilent: boolean;
}

function unreachable(message: string): KubeError {
  return new KubeError({ code: 0, reason: 'Unreachable', message });
}

function refusal({ code, reason, retryAfterSeconds }: Extract<Fault, { do: 'answer' }>): KubeError {
  const after = retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 };
  return new KubeError({ code, reason: reason as KubeReason, message: `scripted: ${code} ${reason}`, ...after });
}

const never = new AbortController().signal;

export function createFaultyKubeApi(real: KubeApi, clock: Clock): FaultyKubeApi {
  const calls: TimedCall[] = [];
  const firstLists = new Map<string, unknown>();
  /** To be cut or silenced when a rule begins. */
  const open = new Set<OpenWatch>();
  let clerk = createFaultClerk([]);
  let begunAt = clock.now();

  function faultOf(call: ApiCall): Fault | undefined {
    calls.push({ ...call, at: clock.now() });
    return clerk.faultOf(call, clock.now() - begunAt);
  }

  async function meet(fault: Fault | undefined, call: ApiCall, proceed: () => Promise<unknown>): Promise<unknown> {
    if (fault?.do === 'delay') await pause(clock, fault.ms, never);
    if (fault?.do === 'reset' && fault.when === 'before') throw unreachable('connection refused');
    if (fault?.do === 'answer') throw refusal(fault);
    const listKey = `${call.plural} ${call.namespace ?? ''}`;
    if (fault?.do === 'stale' && firstLists.has(listKey)) return firstLists.get(listKey);
    const result = await proceed();
    if (call.verb === 'list' && !firstLists.has(listKey)) firstLists.set(listKey, result);
    if (fault?.do === 'reset') throw unreachable('connection reset');
    return result;
  }

  async function* stream<T>(call: ApiCall, start: () => AsyncIterable<T>): AsyncGenerator<T> {
    const fault = faultOf(call);
    const own: OpenWatch = { cut: new AbortController(), isSilent: fault?.do === 'silence' };
    open.add(own);
    let left = fault?.do === 'cut' ? fault.afterEvents : Number.POSITIVE_INFINITY;
    try {
      if (fault?.do !== 'cut' && fault?.do !== 'silence') await meet(fault, call, () => Promise.resolve());
      const events = start()[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([events.next(), aborted(own.cut.signal)]);
        if (next === undefined || left <= 0) throw unreachable('connection reset');
        if (next.done === true) return;
        // A dead connection stays dead; the caller ends it when it has waited long enough.
        if (own.isSilent) continue;
        left -= 1;
        yield next.value;
      }
    } finally {
      open.delete(own);
    }
  }

  /** A network that goes away, or dead, does so to the watches that are open. */
  function strike(script: FaultScript): void {
    for (const { on, fault, fromMs = 0 } of script) {
      if (fault.do === 'reset' && on === 'all') clock.after(fromMs, () => open.forEach(({ cut }) => cut.abort()));
      if (fault.do === 'silence') clock.after(fromMs, () => open.forEach((one) => (one.isSilent = true)));
    }
  }

  return {
    api: interceptApi(real, { call: (call, proceed) => meet(faultOf(call), call, proceed), stream }),
    calls,
    begin(script) {
      calls.length = 0;
      begunAt = clock.now();
      clerk = createFaultClerk(script);
      strike(script);
    },
  };
}
