// Judges every XTrinodeCatalog and writes its status; runtimes render catalogs themselves, into their own revision. Shell
// round a pure judgement.
import type { Clock } from '#core/clock.ts';
import type { Condition } from '#core/objects.ts';
import { isEqual } from '#core/equality.ts';
import type { XTrinodeCatalog, XTrinodeCatalogStatus } from '#apis/v1/objects.ts';
import { trinoCatalogName } from '#apis/v1/names.ts';
import { readCatalog } from '#apis/v1/read-objects.ts';
import { fieldOwner, xtrinodeCatalogs } from '#apis/v1/resources.ts';
import { nextConditions, type Judgement } from '#apis/v1/conditions.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { WorkQueue, type WorkQueueObserver } from '#kube/control/work-queue.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { findCatalogProblems } from '#trino/catalog-rules.ts';
import { keyOfObject } from '../execute.ts';

export interface CatalogControllerInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly observer?: WorkQueueObserver;
}

export interface CatalogController {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly queue: Pick<WorkQueue, 'length' | 'running'>;
}

/** Pure. */
export function judgeCatalog(object: XTrinodeCatalog, nowMs: number): XTrinodeCatalogStatus {
  const catalog = readCatalog(object);
  const problems = findCatalogProblems(trinoCatalogName(catalog.metadata.name), catalog.spec.connector);
  const isValid = problems.length === 0;
  const message = isValid
    ? `catalog ${trinoCatalogName(catalog.metadata.name)} in every runtime whose catalogSelector matches its spec.labels`
    : problems.map(({ field, message: what }) => `${field}: ${what}`).join('; ');
  const judgement: Judgement = {
    type: 'Ready',
    status: isValid ? 'True' : 'False',
    reason: isValid ? 'CatalogValid' : 'CatalogInvalid',
    message,
  };
  const phase = isValid ? 'Ready' : 'Error';
  const now = new Date(nowMs).toISOString();
  const before = catalog.status;
  const generation = catalog.metadata.generation ?? 1;
  return {
    phase,
    message,
    observedGeneration: generation,
    lastUpdated: before?.phase === phase && before.lastUpdated !== undefined ? before.lastUpdated : now,
    conditions: nextConditions((before?.conditions ?? []) as readonly Condition[], [judgement], generation, now),
  };
}

export function createCatalogController(init: CatalogControllerInit): CatalogController {
  const { api, clock, random, log } = init;
  const reflector = createReflector<XTrinodeCatalog>({ api, resource: xtrinodeCatalogs, where: {}, clock, random, log });
  const queue = new WorkQueue(init);

  async function reconcile(key: string): Promise<void> {
    const catalog = reflector.store.get(key);
    if (catalog === undefined) return;
    const status = judgeCatalog(catalog, clock.now());
    if (isEqual(status, catalog.status)) return;
    const { apiVersion, kind } = catalog;
    await api.apply(xtrinodeCatalogs, { apiVersion, kind, metadata: keyOfObject(catalog), status } as unknown as XTrinodeCatalog, {
      fieldManager: fieldOwner,
      force: true,
      subresource: 'status',
    });
  }

  return {
    queue,
    async start() {
      reflector.store.subscribe(({ key }) => queue.add(key));
      queue.run({
        concurrency: 2,
        process: reconcile,
        onError: (key, error) => log.warn('a catalog could not be judged', { catalog: key, error }),
      });
      reflector.start();
      await reflector.synced;
    },
    async stop() {
      await queue.stop();
      reflector.stop();
    },
  };
}
