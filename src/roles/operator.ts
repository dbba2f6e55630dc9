// Composition root of the operator: both controllers on one KubeApi.
import { randomBytes } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { KubeApi } from '#kube/port.ts';
import { childLog, type Log } from '#observe/log.ts';
import { createCatalogController } from '#reconcile/catalog/controller.ts';
import { createRuntimeController } from '#reconcile/runtime/controller.ts';
import { httpCoordinators, type Coordinators } from '#reconcile/runtime/trino-client.ts';

export interface Operator {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createOperator(init: {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Default: over HTTP. */
  readonly coordinators?: Coordinators;
}): Operator {
  const log = childLog(init.log, { component: 'operator' });
  const newSecret = (): string => randomBytes(32).toString('hex');
  const coordinators = init.coordinators ?? httpCoordinators;
  const controllers = [createRuntimeController({ ...init, log, newSecret, coordinators }), createCatalogController({ ...init, log })];
  return {
    async start() {
      await Promise.all(controllers.map((controller) => controller.start()));
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
