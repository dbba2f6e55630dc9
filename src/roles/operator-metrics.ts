// What an operator tells of itself, in controller-runtime's names, so that dashboards and alerts of the field fit, and two of
// ours. Labels are bounded: controllers, phases, HTTP methods and codes.
import type { XTrinode } from '#apis/v1/objects.ts';
import type { Change } from '#kube/cache/store.ts';
import type { CallObserver } from '#kube/control/observed-api.ts';
import type { WorkQueueObserver } from '#kube/control/work-queue.ts';
import { createMetrics, type Metrics } from '#observe/metrics.ts';
import { controllerNames, type ControllerName, type Operator } from './operator.ts';

export interface OperatorMetrics extends Pick<Metrics, 'contentType' | 'render'> {
  readonly observers: Readonly<Record<ControllerName, WorkQueueObserver>>;
  /** What it asks of the Kubernetes API. */
  readonly calls: CallObserver;
  /** Follows what this operator does from now on; ends with the returned function. */
  follow(operator: Operator): () => void;
}

export interface OperatorMetricsInit {
  readonly isLeader: () => boolean;
  readonly leaseName: string;
  /** Of the API server. */
  readonly host: string;
}

/** By the first of a call's verbs: an apply is a patch first. */
const methods: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' };

/** client-go's: ten nanoseconds to a quarter of an hour. */
const queueBuckets = Array.from({ length: 12 }, (_, index) => 1e-8 * 10 ** index);
/** controller-runtime's, thinned. */
const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const wakeBuckets = [1, 2, 5, 8, 10, 12, 15, 20, 25, 30, 45, 60, 90, 120, 180, 300, 600];

export function createOperatorMetrics({ isLeader, leaseName, host }: OperatorMetricsInit): OperatorMetrics {
  const metrics = createMetrics();
  let current: Operator | undefined;

  const queueLabels = ['name', 'controller'] as const;
  const ofQueue = (name: ControllerName) => ({ name, controller: name });
  const queueGauge = (name: string, help: string, read: (queue: Operator['queues'][ControllerName]) => number): void =>
    metrics.gauge(name, help, queueLabels, () =>
      controllerNames.map((one) => [ofQueue(one), current === undefined ? 0 : read(current.queues[one])] as const),
    );
  const longest = (running: readonly { readonly forMs: number }[]): number => Math.max(0, ...running.map(({ forMs }) => forMs)) / 1_000;
  queueGauge('workqueue_depth', 'Keys that wait for a worker.', ({ length }) => length);
  queueGauge('workqueue_longest_running_processor_seconds', 'Time since the oldest key in work was taken.', (queue) =>
    longest(queue.running()),
  );
  queueGauge(
    'workqueue_unfinished_work_seconds',
    'Sum of the times that keys in work have taken so far.',
    (queue) => queue.running().reduce((sum, { forMs }) => sum + forMs, 0) / 1_000,
  );
  const adds = metrics.counter('workqueue_adds_total', 'Keys added.', queueLabels);
  const retries = metrics.counter('workqueue_retries_total', 'Keys that failed and are tried again.', queueLabels);
  const waited = metrics.histogram('workqueue_queue_duration_seconds', 'Wait of a key before its turn.', queueLabels, queueBuckets);
  const worked = metrics.histogram('workqueue_work_duration_seconds', 'Work on a key.', queueLabels, queueBuckets);
  const reconciles = metrics.counter('controller_runtime_reconcile_total', 'Passes by result.', ['controller', 'result']);
  const failures = metrics.counter('controller_runtime_reconcile_errors_total', 'Passes that failed.', ['controller']);
  const reconcileTime = metrics.histogram('controller_runtime_reconcile_time_seconds', 'Time of a pass.', ['controller'], reconcileBuckets);

  const requests = metrics.counter('rest_client_requests_total', 'Calls to the Kubernetes API.', ['code', 'method', 'host']);

  metrics.gauge('leader_election_master_status', '1 where this process leads.', ['name'], () => [
    [{ name: leaseName }, isLeader() ? 1 : 0],
  ]);
  metrics.gauge('xtrinode_runtimes', 'Runtimes by phase, told by the leader.', ['phase'], () => {
    const counts = new Map<string, number>();
    for (const { status } of current?.runtimes.list() ?? []) {
      const phase = status?.phase ?? 'Pending';
      counts.set(phase, (counts.get(phase) ?? 0) + 1);
    }
    return [...counts].map(([phase, count]) => [{ phase }, count] as const);
  });
  const wakes = metrics.histogram('xtrinode_wake_duration_seconds', 'From the decision to wake until queries run.', ['cause'], wakeBuckets);

  function observerOf(name: ControllerName): WorkQueueObserver {
    const queue = ofQueue(name);
    return {
      added: () => adds(queue),
      started: (waitedMs) => waited(queue, waitedMs / 1_000),
      retried: () => retries(queue),
      ended(workedMs, hasFailed) {
        worked(queue, workedMs / 1_000);
        reconcileTime({ controller: name }, workedMs / 1_000);
        reconciles({ controller: name, result: hasFailed ? 'error' : 'success' });
        if (hasFailed) failures({ controller: name });
      },
    };
  }

  function noteWake({ before, after }: Change<XTrinode>): void {
    const { readyAt, decidedAt, cause } = after?.status?.lifecycle ?? {};
    if (before === undefined || readyAt === undefined || decidedAt === undefined || before.status?.lifecycle?.readyAt === readyAt) return;
    wakes({ cause: cause ?? '' }, Math.max(0, Date.parse(readyAt) - Date.parse(decidedAt)) / 1_000);
  }

  return {
    contentType: metrics.contentType,
    render: metrics.render,
    calls: {
      // client-go has a word instead of a code where there was no answer.
      ended: ({ verbs: [verb = ''] }, { code }) =>
        requests({ code: code === 0 ? '<error>' : String(code), method: methods[verb] ?? 'GET', host }),
    },
    observers: { xtrinode: observerOf('xtrinode'), xtrinodecatalog: observerOf('xtrinodecatalog') },
    follow(operator) {
      current = operator;
      const end = operator.runtimes.subscribe(noteWake);
      return () => {
        end();
        if (current === operator) current = undefined;
      };
    },
  };
}
