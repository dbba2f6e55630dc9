// The operator of `up`, under the same Lease as operators that are processes of their own: one that somebody starts on the Kubernetes
// API of an `up` stands by, and the two never work against each other.
import type { Clock } from '#core/clock.ts';
import { fieldOwner, systemNamespace } from '#apis/v1/resources.ts';
import { createLeaseElection } from '#kube/control/lease.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { operatorLeaseName } from '#rbac/permissions.ts';
import { leadInTurns } from './leadership.ts';
import { createOperator } from './operator.ts';
import { revocableApi } from './revocable-api.ts';

export interface UpOperatorInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface UpOperator {
  /** Fulfilled when it leads and its caches are filled, or when another operator leads. */
  readonly started: Promise<void>;
  /** Fulfilled when no pass runs any more. */
  stop(): Promise<void>;
}

/**
 * The same in every run: the lock of a home lets one `up` at a time serve its API, and who holds a Lease may take it at once. So a
 * start after a kill -9 waits for nobody.
 */
const identity = 'up';
/** Each renewal is a write to a laptop's disk. One that stands by waits for so long when an `up` was killed. */
const times = { leaseMs: 60_000, renewWithinMs: 40_000, retryMs: 15_000 };

export function startUpOperator({ api, clock, random, log }: UpOperatorInit): UpOperator {
  const ending = new AbortController();
  const started = Promise.withResolvers<void>();

  function onHolder(holder: string): void {
    if (holder === identity || holder === '') return;
    log.warn('another operator leads; the one of up stands by', { holder });
    started.resolve();
  }

  const lease = { namespace: systemNamespace, name: operatorLeaseName, identity, fieldManager: fieldOwner, times };
  const turns = leadInTurns({
    election: createLeaseElection({ api, clock, random, log, ...lease, onHolder }),
    signal: ending.signal,
    onStandby: () => undefined,
    begin(term) {
      const operator = createOperator({ api: revocableApi(api, term), clock, random, log });
      // Stopped before its caches were filled: nothing to tell.
      const starting = operator.start().then(started.resolve, (error: unknown) => {
        if (!ending.signal.aborted && !term.lost.aborted) started.reject(error);
      });
      return async () => {
        await operator.stop();
        await starting;
      };
    },
  });
  return {
    started: started.promise,
    async stop() {
      ending.abort();
      await turns;
    },
  };
}
