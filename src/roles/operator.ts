// Composition root of the operator: its controllers on one KubeApi. The same for `up` and for a process of its own.
import { randomBytes } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { CacheTrouble } from '#kube/cache/reflector.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import type { WorkQueue, WorkQueueObserver } from '#kube/control/work-queue.ts';
import type { KubeApi } from '#kube/port.ts';
import { childLog, type Log } from '#observe/log.ts';
import { createCatalogController } from '#reconcile/catalog/controller.ts';
import { createGatewaySealController } from '#reconcile/gateway-seal.ts';
import { createRuntimeController } from '#reconcile/runtime/controller.ts';
import { createHttpCoordinators, type Coordinators } from '#reconcile/runtime/trino-client.ts';

/** As controller-runtime would call them: the lower-case kind. */
export const controllerNames = ['xtrinode', 'xtrinodecatalog'] as const;
export type ControllerName = (typeof controllerNames)[number];

export interface Operator {
  /** Fulfilled when the caches are filled and the first passes are under way. */
  start(): Promise<void>;
  /** Fulfilled when no pass runs any more. */
  stop(): Promise<void>;
  readonly queues: Readonly<Record<ControllerName, Pick<WorkQueue, 'length' | 'running'>>>;
  readonly runtimes: ReadStore<XTrinode>;
  /** Caches that do not follow the API server, and why. */
  troubles(): readonly CacheTrouble[];
}

export interface OperatorInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Default: over HTTP. */
  readonly coordinators?: Coordinators;
  /** Runtimes in work at the same time. */
  readonly concurrency?: number;
  readonly observers?: Readonly<Record<ControllerName, WorkQueueObserver>>;
  /** Where the gateways run; default: xtrinode-gateway. */
  readonly gatewayNamespace?: string;
}

export function createOperator(init: OperatorInit): Operator {
  const { observers, concurrency = 32, coordinators = createHttpCoordinators() } = init;
  const log = childLog(init.log, { component: 'operator' });
  const newSecret = (): string => randomBytes(32).toString('hex');
  const observed = (name: ControllerName) => (observers === undefined ? {} : { observer: observers[name] });
  const runtimes = createRuntimeController({ ...init, log, newSecret, coordinators, concurrency, ...observed('xtrinode') });
  const catalogs = createCatalogController({ ...init, log, ...observed('xtrinodecatalog') });
  const gateways = init.gatewayNamespace === undefined ? {} : { namespace: init.gatewayNamespace };
  const seal = createGatewaySealController({ ...init, ...gateways, log, newKey: () => randomBytes(32).toString('base64') });
  const controllers = [runtimes, catalogs, seal];
  return {
    async start() {
      await Promise.all(controllers.map((controller) => controller.start()));
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
    queues: { xtrinode: runtimes.queue, xtrinodecatalog: catalogs.queue },
    runtimes: runtimes.runtimes,
    troubles: runtimes.troubles,
  };
}
