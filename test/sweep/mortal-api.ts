// The KubeApi of an operator that dies at its n-th write: nothing it says reaches the API server any more, and it hears nothing. Or one
// that lives on and only never hears what became of that write.
import { describeCall, interceptApi, isWrite } from '#kube/control/intercepted-api.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';

/** What happens once the n-th write is done. */
export const crashKinds = ['dies', 'dies unheard', 'lives unheard'] as const;

export interface CrashPoint {
  /** 1 is the first write after `arm`. */
  readonly write: number;
  readonly kind: (typeof crashKinds)[number];
}

export interface MortalApi {
  readonly api: KubeApi;
  /** Every write since `arm`, in order. */
  readonly writes: readonly string[];
  readonly isDead: () => boolean;
  /** Counts from here; without a crash point it only counts. */
  arm(crash?: CrashPoint): void;
}

function gone(): KubeError {
  return new KubeError({ code: 0, reason: 'Unreachable', message: 'no answer' });
}

export function createMortalApi(real: KubeApi): MortalApi {
  const writes: string[] = [];
  const dying = new AbortController();
  let crash: CrashPoint | undefined;
  const ensureAlive = (): void => {
    if (dying.signal.aborted) throw gone();
  };
  const api = interceptApi(real, {
    async call(call, proceed) {
      ensureAlive();
      if (!isWrite(call)) return proceed();
      writes.push(describeCall(call));
      const kind = writes.length === crash?.write ? crash.kind : undefined;
      if (kind === 'dies' || kind === 'dies unheard') dying.abort();
      const result = await proceed();
      if (kind === 'dies unheard' || kind === 'lives unheard') throw gone();
      return result;
    },
    async *stream(_call, open) {
      ensureAlive();
      for await (const event of open()) {
        ensureAlive();
        yield event;
      }
    },
  });
  return {
    api,
    writes,
    isDead: () => dying.signal.aborted,
    arm(point) {
      writes.length = 0;
      crash = point;
    },
  };
}
