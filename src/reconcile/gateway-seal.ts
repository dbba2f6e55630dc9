// Keeps Secret `xtrinode-gateway-seal`: makes it when it is missing, gives it a new current key when the former is old. Gateways
// seal waiting statements with these keys (design D4); nothing else of the operator knows them. A Secret that somebody else
// made is his: it is never changed. Pure decision and a small shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Secret } from '#core/objects.ts';
import { annotations, fieldOwner, gatewayNamespace, gatewaySealSecret } from '#apis/v1/resources.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { WorkQueue } from '#kube/control/work-queue.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { secrets } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';

/**
 * Age at which a current key becomes the previous one; another such time later it is gone, and what was sealed with it can be
 * opened by nobody. Far above the longest patience in use, so that no waiting statement outlives its key.
 */
export const rotateAfterMs = 7 * 24 * 3_600_000;

export type SealPlan =
  | { readonly do: 'create' | 'rotate' }
  | { readonly do: 'wait'; readonly againInMs: number }
  /** Not ours: without our mark. */
  | { readonly do: 'leave' };

/** Pure. */
export function planSeal(secret: Secret | undefined, nowMs: EpochMs): SealPlan {
  if (secret === undefined) return { do: 'create' };
  const rotatedAt = Date.parse(secret.metadata.annotations?.[annotations.sealRotatedAt] ?? '');
  if (Number.isNaN(rotatedAt)) return { do: 'leave' };
  const againInMs = rotatedAt + rotateAfterMs - nowMs;
  return againInMs > 0 ? { do: 'wait', againInMs } : { do: 'rotate' };
}

export interface GatewaySealInit {
  readonly api: KubeApi;
  /** Where the gateways run. */
  readonly namespace?: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** 32 bytes nobody can guess, base64. */
  readonly newKey: () => string;
  readonly log: Log;
}

export function createGatewaySealController({ api, namespace = gatewayNamespace, clock, random, newKey, log }: GatewaySealInit): {
  /** Fulfilled at once: where these keys cannot be kept, runtimes are kept all the same. */
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const key = { namespace, name: gatewaySealSecret };
  const where = { namespace, fieldSelector: `metadata.name=${gatewaySealSecret}` };
  const reflector = createReflector<Secret>({ api, resource: secrets, where, clock, random, log });
  const queue = new WorkQueue({ clock, random });
  const manager = { fieldManager: fieldOwner };

  function render(previous: Secret | undefined): Secret {
    const { current } = previous?.data ?? {};
    const metadata = previous?.metadata ?? { ...key, labels: { 'app.kubernetes.io/managed-by': 'xtrinode' } };
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        ...metadata,
        annotations: { ...metadata.annotations, [annotations.sealRotatedAt]: new Date(clock.now()).toISOString() },
      },
      data: { current: newKey(), ...(current === undefined ? {} : { previous: current }) },
    };
  }

  async function keep(): Promise<void> {
    // Not the cache: a key that was just made must not be made again.
    const secret = await api.get<Secret>(secrets, key);
    const plan = planSeal(secret, clock.now());
    if (plan.do === 'wait') return queue.addAfter(gatewaySealSecret, plan.againInMs);
    if (plan.do === 'leave') return;
    try {
      if (plan.do === 'create') await api.create(secrets, render(undefined), manager);
      // With the version that was read: of two operators one rotates.
      else await api.replace(secrets, render(secret), manager);
      log.info(plan.do === 'create' ? 'made the seal keys of the gateways' : 'gave the gateways a new seal key', { secret: key });
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists', 'Conflict')) throw error;
    }
    queue.add(gatewaySealSecret);
  }

  return {
    start() {
      reflector.store.subscribe(() => queue.add(gatewaySealSecret));
      queue.run({
        concurrency: 1,
        process: keep,
        onError: (_, error) => log.warn('the seal keys of the gateways could not be kept; trying again', { secret: key, error }),
      });
      reflector.start();
      // Rejected by a stop before the first list: then there is nothing to do.
      void reflector.synced.then(
        () => queue.add(gatewaySealSecret),
        () => undefined,
      );
      return Promise.resolve();
    },
    async stop() {
      await queue.stop();
      reflector.stop();
    },
  };
}
